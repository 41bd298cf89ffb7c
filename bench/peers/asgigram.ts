/** The application of asgigram; the server is the built command line, as users run it. */

import type { Application } from "asgigram";
import { reply } from "./bot.ts";

export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.message")
      await send({ type: "telegram.send_message", text: reply(event.text ?? "?") });
  }
};
