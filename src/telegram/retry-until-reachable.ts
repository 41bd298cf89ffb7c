/** Retries a call of the start for as long as Telegram cannot be reached, or refuses it for now. */

import { setTimeout as delay } from "node:timers/promises";
import { type NetworkError, TelegramError } from "../protocol/errors.ts";
import { judgeStart } from "./retry.ts";

/**
 * @param signal ends the retries
 * @param onFailure is called with each failure before the next attempt
 * @throws an error that is final; after the signal, its reason or an AbortError caused by it
 */
export async function retryUntilReachable<T>(
  call: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  onFailure: (error: TelegramError | NetworkError) => void,
): Promise<T> {
  let conflictSince: number | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(signal);
    } catch (error) {
      if (error instanceof TelegramError && error.error_code === 409) conflictSince ??= performance.now();
      const conflictFor = conflictSince === undefined ? 0 : performance.now() - conflictSince;
      const verdict = judgeStart(error, attempt, conflictFor);
      if (verdict.action === "stop") throw verdict.error;
      signal.throwIfAborted();
      onFailure(error as TelegramError | NetworkError);
      await delay(verdict.after, undefined, { signal });
    }
  }
}
