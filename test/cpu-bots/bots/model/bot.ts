/** Runs a model as often as the message says. /cancel ends it. */

import { type Application, type Delivery, delivery, offload, type Send } from "asgigram";

// A thread that is ended in the middle of a run takes the whole process with it.
const { classify } = offload<typeof import("./classify.ts")>("./classify.ts", { threads: 1, process: true });

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
  const best = await classify(size);
  await send({ type: "telegram.send_message", text: `Done: class ${best}` });
}
