/**
 * Decides which events are tried again after a throw, and after which time. Their scopes wait meanwhile. With --breaker the main thread
 * decides, which sees the throws of all workers.
 */

import { backoff } from "../src/protocol/backoff.ts";
import type { RetryLater } from "../src/protocol/errors.ts";
import { LONGEST_TIMER } from "../src/protocol/longest-timer.ts";

/** Longest time that the server itself chooses: ms. */
const LONGEST = 60_000;

export class Retries {
  readonly #most: number;
  readonly #asks: boolean;
  /** End the waits of each scope: several of its events may wait. */
  readonly #waiting = new Map<string, Set<() => void>>();
  /** Takes the decision on each event that waits for one. */
  readonly #undecided = new Map<number, (after: number | undefined) => void>();

  /**
   * @param most retries after any throw
   * @param asks true if the main thread decides
   */
  constructor(most: number, asks = false) {
    this.#most = most;
    this.#asks = asks;
  }

  /** True if the main thread decides on an event that threw this. RetryLater is the application's own decision. */
  asksAbout(error: unknown): boolean {
    return this.#asks && !isRetryLater(error);
  }

  /** @returns milliseconds until the event is tried again; undefined if it is not */
  after(error: unknown, attempt: number): number | undefined {
    if (isRetryLater(error)) return error.after ?? backoff(attempt, LONGEST);
    return attempt <= this.#most ? backoff(attempt, LONGEST) : undefined;
  }

  /** Resolves after so many milliseconds, or with wake(). */
  wait(scope: string, milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const time = Math.min(milliseconds, LONGEST_TIMER);
      const end = this.#until(scope, () => {
        clearTimeout(timer);
        resolve();
      });
      const timer = setTimeout(end, time).unref();
    });
  }

  /** @returns milliseconds until the event is tried again, 0 with wake(); undefined if it is a dead letter */
  decision(scope: string, seq: number): Promise<number | undefined> {
    return new Promise((resolve) => {
      let decision: number | undefined = 0;
      const end = this.#until(scope, () => {
        this.#undecided.delete(seq);
        resolve(decision);
      });
      this.#undecided.set(seq, (after) => {
        decision = after;
        end();
      });
    });
  }

  /** A wait of the scope. @param onEnd is called with the function that this returns, or with wake() */
  #until(scope: string, onEnd: () => void): () => void {
    const ends = this.#waiting.get(scope) ?? new Set();
    this.#waiting.set(scope, ends);
    const end = () => {
      ends.delete(end);
      if (ends.size === 0) this.#waiting.delete(scope);
      onEnd();
    };
    ends.add(end);
    return end;
  }

  /** The main thread has decided. */
  decided(seq: number, after: number | undefined): void {
    this.#undecided.get(seq)?.(after);
  }

  /** Ends the waits of these scopes. */
  wake(matches: (scope: string) => boolean): void {
    for (const [scope, ends] of [...this.#waiting]) if (matches(scope)) for (const end of [...ends]) end();
  }
}

/** Server and bot may load separate copies of this package, so errors are compared by name. */
function isRetryLater(error: unknown): error is RetryLater {
  return error instanceof Error && error.name === "RetryLater";
}
