/** Tells the language of whatever it reads: a bot with a package of its own, in an image of its own. */
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
