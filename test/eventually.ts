import { inspect } from "node:util";

/** Longest wait for an event, in ms: shorter than the runner's limit for a test, so that a failure says what the test saw. */
export const LIMIT = 150_000;

/** Calls `look` whenever the answer may have changed. @returns how to end that */
export type OnChange = (look: () => void) => () => void;

/** Result of a search without the values that mean "not yet". */
export type Found<T> = Exclude<T, false | undefined | null | "" | 0>;

const every10ms: OnChange = (look) => {
  const timer = setInterval(look, 10);
  return () => clearInterval(timer);
};

/**
 * Resolves as soon as `find` returns something, with that.
 * @param saw describes what `find` looked at, or has it described; the error after LIMIT shows it
 */
export async function eventually<T>(
  find: () => T | Promise<T>,
  saw: () => unknown,
  onChange: OnChange = every10ms,
): Promise<Found<T>> {
  const { promise, resolve, reject } = Promise.withResolvers<Found<T>>();
  let isLooking = false;
  let hasChanged = false;
  const look = async () => {
    hasChanged = true;
    if (isLooking) return;
    isLooking = true;
    while (hasChanged) {
      hasChanged = false;
      const found = await find();
      if (found) return resolve(found as Found<T>);
    }
    isLooking = false;
  };
  const giveUp = async () => reject(new Error(`not within ${LIMIT / 1000} s: ${find}\n${describe(await saw())}`));
  const late = setTimeout(() => void giveUp().catch(reject), LIMIT);
  const lookAgain = () => void look().catch(reject);
  const stop = onChange(lookAgain);
  lookAgain();
  return await promise.finally(() => {
    clearTimeout(late);
    stop();
  });
}

function describe(seen: unknown): string {
  return typeof seen === "string" ? seen : inspect(seen, { depth: 4 });
}
