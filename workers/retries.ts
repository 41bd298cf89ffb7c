/** Decides which events are tried again after a throw, and after which time. Their scopes wait meanwhile. */

import { backoff } from "../src/protocol/backoff.ts";
import type { RetryLater } from "../src/protocol/errors.ts";

/** Longest time that the server itself chooses: ms. */
const LONGEST = 60_000;

export class Retries {
  readonly #most: number;
  /** Ends the wait of each scope. */
  readonly #waiting = new Map<string, () => void>();

  /** @param most retries after any throw */
  constructor(most: number) {
    this.#most = most;
  }

  /** @returns milliseconds until the event is tried again; undefined if it is not */
  after(error: unknown, attempt: number): number | undefined {
    if (isRetryLater(error)) return error.after ?? backoff(attempt, LONGEST);
    return attempt <= this.#most ? backoff(attempt, LONGEST) : undefined;
  }

  /** Resolves after so many milliseconds, or with wake(). */
  wait(scope: string, milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#waiting.get(scope)?.(), milliseconds).unref();
      this.#waiting.set(scope, () => {
        clearTimeout(timer);
        this.#waiting.delete(scope);
        resolve();
      });
    });
  }

  /** Ends the waits of these scopes. */
  wake(matches: (scope: string) => boolean): void {
    for (const [scope, end] of [...this.#waiting]) if (matches(scope)) end();
  }
}

/** Server and bot may load separate copies of this package, so errors are compared by name. */
function isRetryLater(error: unknown): error is RetryLater {
  return error instanceof Error && error.name === "RetryLater";
}
