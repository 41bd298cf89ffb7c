/** The application of the crash test: carries out the deed that a message names, and answers every event that it has handled. */

import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type Application, delivery, NetworkError, RetryLater, type Send, TelegramError } from "../../src/index.ts";
import { type Deed, readOrder, writeAnswer } from "./words.ts";

export const application: Application = async (_scope, receive, send) => {
  for (;;) {
    const event = await receive();
    if (event.type === "telegram.disconnect") return;
    const order = event.type === "telegram.message" ? readOrder(event.text ?? "") : undefined;
    if (order === undefined) continue;
    const { attempt, uncertain } = delivery(event)!;
    // At once: the process may be about to be killed.
    for (const { chat_id, text } of uncertain) appendFileSync(process.env.CHAOS_UNCERTAIN!, `${chat_id} ${text}\n`);
    await DEEDS[order.deed](attempt);
    const parts = order.deed === "twice" ? 2 : 1;
    for (let part = 1; part <= parts; part++) await say(send, { number: order.number, part, parts });
  }
};

/** Sends the answer until Telegram has certainly got it. It may arrive more than once, with a higher `repeat`. */
async function say(send: Send, what: { number: number; part: number; parts: number }): Promise<void> {
  for (let repeat = 0; ; repeat++) {
    try {
      await send({ type: "telegram.send_message", text: writeAnswer({ ...what, repeat }) });
      return;
    } catch (error) {
      const isPassing = error instanceof NetworkError || (error instanceof TelegramError && error.error_code >= 500);
      if (!isPassing) throw error;
      await delay(Math.min(500, 20 * 2 ** repeat));
    }
  }
}

const never = new Promise<never>(() => {});

type Doing = (attempt: number) => void | Promise<void>;

/** Wraps a deed that is done at the first attempt only. */
const once =
  (kill: Doing): Doing =>
  (attempt) =>
    attempt === 1 ? kill(attempt) : undefined;

/** An error that no instance's code throws: the interval belongs to none. */
let fault: Error | undefined;
setInterval(() => {
  if (fault !== undefined) throw fault;
}, 1).unref();

const throwOutside: Doing = () => {
  fault = new Error("thrown by no instance");
  return never;
};

const exit: Doing = () => process.exit(7);
const throwUncaught: Doing = () => {
  setImmediate(() => {
    throw new Error("thrown where nothing can catch it");
  });
  return never;
};

const rejectUnhandled: Doing = () => {
  void Promise.reject(new Error("left behind"));
  return never;
};

const exhaustHeap: Doing = () => {
  const kept: object[] = [];
  for (;;) kept.push(Array.from({ length: 100 }, (_, i) => ({ i })));
};

const DEEDS: Record<Deed, Doing> = {
  work: () => {},
  twice: () => {},
  slow: () => delay(150),
  busy: () => {
    const until = performance.now() + 40;
    while (performance.now() < until);
  },
  hang: async () => {
    while (!existsSync(process.env.CHAOS_CALM!)) await delay(200);
  },
  fail: () => {
    throw new Error("the application failed");
  },
  later: once(() => {
    throw new RetryLater({ after: 50 });
  }),
  exit: once(exit),
  throw: once(throwOutside),
  heap: once(exhaustHeap),
  block: once(() => {
    for (;;);
  }),
  "poison-exit": exit,
  "poison-throw": throwUncaught,
  "poison-reject": rejectUnhandled,
  "poison-heap": exhaustHeap,
};
