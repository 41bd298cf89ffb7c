import { setTimeout as delay } from "node:timers/promises";
import { type Application, delivery } from "../../../src/index.ts";

/** Answers each message after 5 ms, with its text and attempt. */
export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.disconnect") return;
    if (event.type !== "telegram.message") continue;
    await delay(5);
    await send({ type: "telegram.send_message", text: `${event.text} ${delivery(event)?.attempt}` });
  }
};
