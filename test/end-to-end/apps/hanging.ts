/** Echoes text, but for "hang": at that it waits for ever. */

import type { Application } from "asgigram";

export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") return;
    if (event.text === "hang") await new Promise(() => {});
    await send({ type: "telegram.send_message", text: event.text ?? "" });
  }
};
