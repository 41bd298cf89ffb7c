/** A clock that only a test moves on, with the waits on it. */

export class Clock {
  #now = 0;
  readonly #waiting = new Set<{ at: number; done: () => void }>();

  /** Milliseconds. */
  readonly now = (): number => this.#now;

  /** @returns a function that gives the wait up */
  readonly wait = (milliseconds: number, done: () => void): (() => void) => {
    const waiting = { at: this.#now + milliseconds, done };
    this.#waiting.add(waiting);
    return () => this.#waiting.delete(waiting);
  };

  /** The waits, the shortest first: milliseconds from now. */
  get waits(): number[] {
    return Array.from(this.#waiting, ({ at }) => at - this.#now).toSorted((a, b) => a - b);
  }

  /** Moves the clock on, and ends each wait at its time. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const [next] = [...this.#waiting].toSorted((a, b) => a.at - b.at);
      if (next === undefined || next.at > end) break;
      this.#now = next.at;
      this.#waiting.delete(next);
      next.done();
    }
    this.#now = end;
  }
}
