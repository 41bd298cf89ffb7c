import { threadId } from "node:worker_threads";
import type { Application } from "../../../src/index.ts";

/** Says back what it is told, how often it has been spoken to, and from which thread. */
export const application: Application = async (_scope, receive, send) => {
  for (let n = 1; ; n++) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    await send({ type: "telegram.send_message", text: JSON.stringify({ text: event.text, n, thread: threadId }) });
  }
};
