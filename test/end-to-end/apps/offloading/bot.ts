/** Offloads what a message names. */

import { threadId } from "node:worker_threads";
import { type Application, type Delivery, delivery, offload, shared } from "../../../../src/index.ts";

const work = offload<typeof import("./work.ts")>("./work.ts", { threads: 1 });
const own = offload<typeof import("./own-process.ts")>("./own-process.ts", { threads: 1, process: true });
const { memory } = await shared<typeof import("./memory.ts")>("./memory.ts");
const numbers = new Int32Array(memory);

export const application: Application = async (_scope, receive, send) => {
  let job: Delivery | undefined;
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    const reply = (text: string) => send({ type: "telegram.send_message", text });
    switch (event.text) {
      case "/ping":
        await reply("pong");
        break;
      case "block":
        delivery().waitUntil(pass(work.block(memory), reply));
        await reply(`${await delivery().ahead} before you`);
        break;
      case "release":
        Atomics.store(numbers, 0, 1);
        Atomics.notify(numbers, 0);
        break;
      case "hold":
        job = delivery();
        job.waitUntil(pass(work.hold(), reply));
        break;
      case "/cancel":
        job!.cancel();
        await reply("cancelled");
        break;
      case "crash":
        await work.crash().catch((error: Error) => reply(`${error.name} in attempt ${delivery().attempt}`));
        break;
      case "count":
        await reply(JSON.stringify({ count: Atomics.add(numbers, 1, 1) + 1, thread: threadId }));
        break;
      case "environment":
        await reply(JSON.stringify({ ...(await own.environment()), server: process.pid }));
    }
  }
};

/** Sends each word as a message. */
async function pass(words: AsyncIterable<string>, reply: (text: string) => Promise<unknown>): Promise<void> {
  for await (const word of words) await reply(word);
}
