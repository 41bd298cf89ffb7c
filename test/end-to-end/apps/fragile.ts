import { type Application, delivery, type Extensions } from "../../../src/index.ts";

/** Carries out the deed that a message names, at the first attempt, or with `always` at every attempt. */
export const application: Application = async ({ extensions }, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    const [deed, how] = (event.text ?? "").split(" ");
    const attempt = delivery(event)!.attempt;
    if (how === "always" || attempt === 1) await DEEDS[deed!]?.(extensions);
    await send({ type: "telegram.send_message", text: `${event.text} ${attempt}` });
  }
};

/** An error that no instance's code throws: the interval belongs to none. */
let fault: Error | undefined;
setInterval(() => {
  if (fault !== undefined) throw fault;
}, 1).unref();

const DEEDS: Record<string, (extensions: Extensions) => unknown> = {
  "die-when-stopped": ({ signal }) => {
    console.log("waiting to be stopped");
    signal.addEventListener("abort", () => process.exit(7));
    return new Promise(() => {});
  },
  exit: () => process.exit(7),
  throw: () => {
    setImmediate(() => {
      throw new Error("thrown where nothing catches");
    });
    return new Promise(() => {});
  },
  "throw-outside": () => {
    fault = new Error("thrown by no instance");
    return new Promise(() => {});
  },
  reject: () => {
    void Promise.reject(new Error("left behind"));
    return new Promise(() => {});
  },
  fail: () => {
    throw new Error("the application's own");
  },
  heap: () => {
    const hoard = [];
    for (;;) hoard.push(new Array(10_000).fill(Math.random()));
  },
  block: () => {
    for (;;);
  },
};
