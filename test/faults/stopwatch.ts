/** A stopwatch that stands still while its event loop is held up: a busy machine takes no time from a test. */

/** The loop turns this often: ms. A turn that takes more than twice as long counts as two. */
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

  /** Milliseconds for which the loop was held up. */
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
