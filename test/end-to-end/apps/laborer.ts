/** Carries out a message, `<number> <deed> <milliseconds>`, and answers `<number> <attempt>`. */

import { setTimeout as delay } from "node:timers/promises";
import { type Application, delivery } from "../../../src/index.ts";

export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") return;
    const [number, deed, milliseconds] = event.text!.split(" ");
    const { attempt } = delivery(event)!;
    if (deed === "wait") await delay(Number(milliseconds));
    if (deed === "compute") for (const until = performance.now() + Number(milliseconds); performance.now() < until; );
    if (deed === "die" && attempt === 1) process.exit(1);
    await send({ type: "telegram.send_message", text: `${number} ${attempt}` });
  }
};
