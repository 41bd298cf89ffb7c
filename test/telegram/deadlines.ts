/** Deadlines that pass when a test says so, in place of BotApi's timers. */

export class Deadlines {
  /** The times that were asked for, in order: ms. */
  readonly asked: number[] = [];
  readonly #waiting = new Set<() => void>();

  readonly wait = (milliseconds: number, done: () => void): (() => void) => {
    this.asked.push(milliseconds);
    this.#waiting.add(done);
    return () => this.#waiting.delete(done);
  };

  /** Deadlines that have neither passed nor been given up. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Time is up for all that waits. */
  pass(): void {
    for (const done of this.#waiting) done();
    this.#waiting.clear();
  }
}
