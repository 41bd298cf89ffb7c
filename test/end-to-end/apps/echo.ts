import { threadId } from "node:worker_threads";
import type { Application } from "../../../src/index.ts";

/** Answers with the text, the number of messages so far, and the thread. */
export const application: Application = async (_scope, receive, send) => {
  for (let n = 1; ; n++) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    await send({ type: "telegram.send_message", text: JSON.stringify({ text: event.text, n, thread: threadId }) });
  }
};
