/** Time that moves from one event to the next, as fast as they can be computed. */

interface Timer {
  readonly at: number;
  readonly number: number;
  done: (() => void) | undefined;
}

export class VirtualTime {
  #now = 0;
  #made = 0;
  #hasSettled = false;
  /** A binary heap: the earliest timer first. */
  readonly #timers: Timer[] = [];

  /** Milliseconds. */
  readonly now = (): number => this.#now;

  /** @returns cancels it */
  readonly wait = (milliseconds: number, done: () => void): (() => void) => {
    const timer: Timer = { at: this.#now + milliseconds, number: this.#made++, done };
    this.#add(timer);
    return () => {
      timer.done = undefined;
    };
  };

  /** A promise is settled: what waits for it comes before the next timer. Without, nothing waits for promises. */
  settled(): void {
    this.#hasSettled = true;
  }

  /** Runs everything that is due until then. */
  async runUntil(end: number): Promise<void> {
    while (this.#timers.length > 0 && this.#timers[0]!.at <= end) {
      const { at, done } = this.#take();
      if (done === undefined) continue;
      this.#now = Math.max(this.#now, at);
      done();
      if (!this.#hasSettled) continue;
      this.#hasSettled = false;
      await undefined;
    }
    this.#now = end;
  }

  #add(timer: Timer): void {
    const heap = this.#timers;
    let place = heap.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!isBefore(timer, heap[above]!)) break;
      heap[place] = heap[above]!;
      place = above;
    }
    heap[place] = timer;
  }

  #take(): Timer {
    const heap = this.#timers;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below += 1;
      if (!isBefore(heap[below]!, last)) break;
      heap[place] = heap[below]!;
      place = below;
    }
    heap[place] = last;
    return first;
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.at < other.at || (one.at === other.at && one.number < other.number);
}
