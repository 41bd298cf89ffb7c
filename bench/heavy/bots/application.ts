/** The application of asgigram, with the heavy work as it is given. */

import type { Application } from "asgigram";
import type { Work } from "../work.ts";
import { inputIn } from "./settings.ts";

export function applicationWith(work: Work): Application {
  return async (_scope, receive, send) => {
    for (;;) {
      const event = await receive();
      if (event.type !== "telegram.message") continue;
      const text = event.text ?? "?";
      const input = inputIn(text);
      const result = input === undefined ? "pong" : await work(input);
      if (typeof result === "string") await send({ type: "telegram.send_message", text: `${text}: ${result}` });
      else await send({ type: "telegram.send_photo", photo: result, caption: text });
    }
  };
}
