/** How the long polls fare: what readiness goes by. */

import type { Diagnostics } from "./diagnostics.ts";

export class Polls {
  readonly #tell: Pick<Diagnostics, "polled">;
  readonly #now: () => number;
  /** In a row. */
  #failures = 0;
  #lastError: string | undefined;
  #lastSign: number;
  #lastSuccess = Date.now();

  constructor(tell: Pick<Diagnostics, "polled">, now = () => performance.now()) {
    this.#tell = tell;
    this.#now = now;
    this.#lastSign = now();
  }

  /** Polls that have failed since one succeeded. */
  get failures(): number {
    return this.#failures;
  }

  /** Why the last one failed. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Milliseconds since a poll last began or ended. */
  get silence(): number {
    return this.#now() - this.#lastSign;
  }

  /** When the last one that succeeded was over, or this was made: milliseconds since 1970. */
  get lastSuccess(): number {
    return this.#lastSuccess;
  }

  async watch<Updates extends readonly unknown[]>(poll: Promise<Updates>, signal: AbortSignal): Promise<Updates> {
    const began = this.#now();
    this.#lastSign = began;
    try {
      const updates = await poll;
      this.#failures = 0;
      this.#lastError = undefined;
      this.#lastSuccess = Date.now();
      this.#tell.polled(updates.length, this.#now() - began);
      return updates;
    } catch (error) {
      // Then it was ended, and did not fail.
      if (!signal.aborted) {
        this.#failures += 1;
        this.#lastError = (error as Error).message;
        this.#tell.polled(0, this.#now() - began, error as Error);
      }
      throw error;
    } finally {
      this.#lastSign = this.#now();
    }
  }
}
