/** How the long polls fare: what readiness goes by. */

export class Polls {
  readonly #now: () => number;
  /** In a row. */
  #failures = 0;
  #lastError: string | undefined;
  #lastSign: number;

  constructor(now = () => performance.now()) {
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

  async watch<T>(poll: Promise<T>, signal: AbortSignal): Promise<T> {
    this.#lastSign = this.#now();
    try {
      const updates = await poll;
      this.#failures = 0;
      this.#lastError = undefined;
      return updates;
    } catch (error) {
      // Then it was ended, and did not fail.
      if (!signal.aborted) {
        this.#failures += 1;
        this.#lastError = (error as Error).message;
      }
      throw error;
    } finally {
      this.#lastSign = this.#now();
    }
  }
}
