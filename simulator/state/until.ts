/** Waits for a condition, by looking again after each change. */

import { clearTimeout, setTimeout } from "./real-time.ts";

export interface UntilOptions {
  /** Calls `look` after each change, until the returned function is called. */
  onChange(look: () => void): () => void;
  /** Milliseconds. */
  timeout: number;
  /** Ends the wait. */
  signal: AbortSignal;
}

/** Resolves when the condition holds, at the timeout, or at the signal. */
export async function until(condition: () => boolean, { onChange, timeout, signal }: UntilOptions): Promise<void> {
  if (condition() || signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const giveUp = () => resolve();
  const stop = onChange(() => {
    if (condition()) resolve();
  });
  const timer = setTimeout(giveUp, timeout);
  signal.addEventListener("abort", giveUp, { once: true });
  await promise;
  stop();
  clearTimeout(timer);
  signal.removeEventListener("abort", giveUp);
}
