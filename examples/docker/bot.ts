/** Names the language of each message: a bot with its own package, in its own image. */
import type { Application } from "asgigram";
import { franc } from "franc-min";

const languages = new Intl.DisplayNames("en", { type: "language" });

export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message" || event.text === undefined) continue;
    const code = franc(event.text);
    const text = code === "und" ? "I cannot tell." : `That looks like ${languages.of(code)}.`;
    await send({ type: "telegram.send_message", text });
  }
};
