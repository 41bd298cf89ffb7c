import { setTimeout as delay } from "node:timers/promises";
import type { Application } from "../../../src/index.ts";

/**
 * Answers each message with its text, after 0 to 3 ms of work. Every other chat gives its work up when it is told to stop; the
 * others log the reason.
 */
export const application: Application = async ({ chat, extensions }, receive, send) => {
  const givesUp = chat!.id % 2 === 0;
  for (let n = 0; ; n++) {
    const event = await receive();
    if (event.type === "telegram.disconnect") return console.log(`chat ${chat!.id} was disconnected: ${event.reason}`);
    if (event.type !== "telegram.message") continue;
    await delay(n % 4, undefined, givesUp ? { signal: extensions.signal } : {});
    await send({ type: "telegram.send_message", text: event.text! });
  }
};
