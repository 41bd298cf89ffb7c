/** Looks for the best first move, for as many thousand positions as the message says. /cancel ends it. */

import { type Application, type Delivery, delivery, offload, type Send } from "asgigram";

// The engine cannot be loaded in a worker thread, and its search cannot be interrupted.
const { bestMove } = offload<typeof import("./engine.ts")>("./engine.ts", { threads: 1, process: true });

export const application: Application = async (_scope, receive, send) => {
  let work: Delivery | undefined;
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    if (event.text === "/cancel") {
      work?.cancel();
      await send({ type: "telegram.send_message", text: "Cancelled." });
    } else {
      work = delivery();
      work.waitUntil(answer(Number(event.text), work.attempt, send));
    }
  }
};

async function answer(size: number, attempt: number, send: Send): Promise<void> {
  await send({ type: "telegram.send_message", text: `Working, attempt ${attempt}` });
  const move = await bestMove(size * 1000);
  await send({ type: "telegram.send_message", text: `Done: ${move}` });
}
