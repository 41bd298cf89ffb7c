/** Recognises code that works in the main thread of a process alone, and says what to do with it. */

const CODES: ReadonlySet<unknown> = new Set(["ERR_NON_CONTEXT_AWARE_DISABLED", "ERR_WORKER_UNSUPPORTED_OPERATION"]);

const MESSAGES = [
  // An addon that is not context-aware, loaded for the second time in one process (ERR_DLOPEN_FAILED). Other causes of that error, such
  // as a missing library, are the same in a process of its own.
  /\bdid not self-register\b/i,
  /\bmain thread\b/i,
  /(?:\bnot\b|\bcannot\b|n't\b).*\bworker[ _-]?threads?\b/i,
];

/**
 * @param error any thrown value, of code that was loaded in a worker thread
 * @returns undefined if a process of its own would not help
 */
export function threadRemedy(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const isForMainThread = CODES.has(code) || MESSAGES.some((pattern) => pattern.test(String(message)));
  if (!isForMainThread) return undefined;
  return "that code cannot be loaded in a worker thread: run it with offload(…, { process: true })";
}
