/** Calls that a start depends on: made again for as long as Telegram cannot be reached. */

import { setTimeout as delay } from "node:timers/promises";
import type { NetworkError, TelegramError } from "../protocol/errors.ts";
import { judgeStart } from "./retry.ts";

/**
 * @param signal gives it up
 * @param onFailure hears of each failure after which the call is made again
 * @throws what says that it will never succeed; given up, the signal's reason or an AbortError of it
 */
export async function retryUntilReachable<T>(
  call: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  onFailure: (error: TelegramError | NetworkError) => void,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(signal);
    } catch (error) {
      const verdict = judgeStart(error, attempt);
      if (verdict.action === "stop") throw verdict.error;
      signal.throwIfAborted();
      onFailure(error as TelegramError | NetworkError);
      await delay(verdict.after, undefined, { signal });
    }
  }
}
