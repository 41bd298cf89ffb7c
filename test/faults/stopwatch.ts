/** A stopwatch that stands still while its event loop is held up, so that a busy machine takes no time from a test. */

/** Interval between two looks: ms. A longer one counts as two at most. */
const TURN = 10;

export class Stopwatch implements Disposable {
  readonly #timer = setInterval(() => this.#look(), TURN).unref();
  readonly #began = performance.now();
  #last = this.#began;
  #elapsed = 0;

  /** Milliseconds since the start. */
  get elapsed(): number {
    this.#look();
    return this.#elapsed;
  }

  /** Milliseconds in which the loop was held up. */
  get held(): number {
    return performance.now() - this.#began - this.elapsed;
  }

  #look(): void {
    const now = performance.now();
    this.#elapsed += Math.min(now - this.#last, 2 * TURN);
    this.#last = now;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
