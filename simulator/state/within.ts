/** A limit of time for what may never end. */

import { clearTimeout, setTimeout } from "./real-time.ts";

/** A limit is counted in steps: Node.js runs timers before it reads, and a stall of the process must not use up more than one of them. */
const STEPS = 10;

/** @returns false if the work is not done within so many ms @throws the work's error */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  let timer: NodeJS.Timeout | undefined;
  const step = (left: number) => {
    if (left === 0) return resolve(false);
    timer = setTimeout(() => step(left - 1), milliseconds / STEPS);
  };
  step(STEPS);
  return await Promise.race([work.then(() => true), late]).finally(() => clearTimeout(timer));
}
