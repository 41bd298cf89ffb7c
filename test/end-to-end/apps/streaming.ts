import { setTimeout as delay } from "node:timers/promises";
import type { Application } from "../../../src/index.ts";

/** Milliseconds between two chunks, and their number. */
const [PERIOD, CHUNKS] = [50, 30];

/** Streams an answer into a message: each edit has its number. After ten edits it calls getMyName. */
export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") return;
    const { message_id } = await send({ type: "telegram.send_message", text: "…" });
    const edit = (text: string) =>
      send({ type: "telegram.edit_message_text", message_id, text, asgigram: { coalesce: true } });
    const edits: Promise<unknown>[] = [];
    for (let i = 1; i <= CHUNKS; i++) {
      edits.push(edit(`${i}`));
      if (i === 10) void send({ type: "telegram.get_my_name" });
      await delay(PERIOD);
    }
    await Promise.all(edits);
    const results = [await edit("the same"), await edit("the same")];
    await send({ type: "telegram.send_message", text: `${edits.length} answered; ${results[1]}` });
  }
};
