/** A bot that starts in 0.2 s, answers each message, and dies of a poisonous one in the way that BENCH_DEED names. */

import { setTimeout as delay } from "node:timers/promises";
import { type Application, offload } from "asgigram";

const { crash } = offload<typeof import("./native.ts")>("./native.ts", { process: true, threads: 1 });

/** An error that no instance's code throws: the interval belongs to none. */
let fault: Error | undefined;
setInterval(() => {
  if (fault !== undefined) throw fault;
}, 1).unref();

await delay(200);

export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") return;
    if (event.text?.endsWith(" heavy")) await DEEDS[process.env.BENCH_DEED!]!();
    await send({ type: "telegram.send_message", text: event.text ?? "?" });
  }
};

const never = new Promise<never>(() => {});

const DEEDS: Record<string, () => unknown> = {
  none: () => {},
  exit: () => process.exit(7),
  throw: () => {
    setImmediate(() => {
      throw new Error("thrown where nothing catches");
    });
    return never;
  },
  "throw without context": () => {
    fault = new Error("thrown by no instance");
    return never;
  },
  rejection: () => {
    void Promise.reject(new Error("left behind"));
    return never;
  },
  heap: () => {
    const hoard: object[] = [];
    // Node.js cannot interrupt every such loop: src/protocol/thread-end.ts.
    for (let i = 0; ; i++) hoard.push({ text: `${i}`.repeat(100) });
  },
  loop: () => {
    for (;;);
  },
  "native crash": () => crash(),
};
