import { type Application, delivery } from "../../../src/index.ts";

/** The job of each chat that can be cancelled. */
let cancel = (): void => {};

/** Resolves a moment after a job has begun. */
const begun = Promise.withResolvers<void>();

/**
 * "job" works until it is cancelled, at its first delivery; at a later one it answers at once. "/cancel" cancels it. "hang" never ends,
 * "spin" never gives the thread back, "spin later" neither, from a moment after the beginning of a job; "late" takes a second
 * under a limit that it renews.
 */
export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type !== "telegram.message") continue;
    const reply = (text: string) => send({ type: "telegram.send_message", text });
    switch (event.text) {
      case "job":
        delivery().waitUntil(job(reply));
        break;
      case "/cancel":
        cancel();
        await reply("cancelled");
        break;
      case "hang":
        await new Promise(() => {});
        break;
      case "spin":
        spin();
        break;
      case "spin later":
        await begun.promise;
        spin();
        break;
      case "late":
        for (let step = 0; step < 10; step++) {
          delivery().timeout(900);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        await reply("late");
        break;
      default:
        await reply(`${event.text} ${delivery().attempt}`);
    }
  }
};

/** Without the load of a loop. */
function spin(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

async function job(reply: (text: string) => Promise<unknown>): Promise<void> {
  const { attempt, signal } = delivery();
  const own = delivery();
  cancel = () => own.cancel();
  await reply(`job begins ${attempt}`);
  if (attempt > 1) return void (await reply("job done"));
  setTimeout(begun.resolve, 100);
  await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}
