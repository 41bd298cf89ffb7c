import { setTimeout as delay } from "node:timers/promises";
import { Stopwatch } from "./stopwatch.ts";

/**
 * Resolves as soon as the condition holds.
 * @param describe the state, for the error
 * @param within milliseconds, without those in which this process was held up
 */
export async function eventually(
  condition: () => boolean,
  describe: () => string = () => `${condition}`,
  within = 20_000,
): Promise<void> {
  using stopwatch = new Stopwatch();
  while (!condition()) {
    if (stopwatch.elapsed > within) throw new Error(`not within ${within} ms: ${describe()}`);
    await delay(10);
  }
}
