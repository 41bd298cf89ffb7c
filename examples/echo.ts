/** Sends each text back. Try it without a token: `npm run demo`. */
import type { Application } from "asgigram";

export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.message") await send({ type: "telegram.send_message", text: event.text ?? "?" });
  }
};
