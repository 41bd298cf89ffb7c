import type { Application } from "../../../src/index.ts";

/** As many calls as a scope may have open, and the chats that they go to. */
const CALLS = 100_000;
const CHATS = 20;

/** Sends without waiting at the text "flood", and goes on; waits for the answer at any other text. */
export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") return;
    if (event.text === "flood") {
      for (let i = 0; i < CALLS; i++) void send({ type: "telegram.send_message", chat_id: 1 + (i % CHATS), text: "x" });
      // Behind the calls.
      setImmediate(() => console.log("flooded"));
    } else await send({ type: "telegram.send_message", text: "an answer" });
  }
};
