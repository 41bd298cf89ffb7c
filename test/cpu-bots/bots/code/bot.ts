/** Runs a loop of as many hundred thousand steps as the message says, as if its sender had written the code. /cancel ends it. */

import { type Application, type Delivery, delivery, offload, type Send } from "asgigram";

const { run } = offload<typeof import("./run.ts")>("./run.ts", { threads: 1 });

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
  const code = `let sum = 0; for (let i = 0; i < ${size}e5; i++) sum += i; sum`;
  const result = await run.with({ timeout: 30_000 })(code);
  await send({ type: "telegram.send_message", text: `Done: ${result}` });
}
