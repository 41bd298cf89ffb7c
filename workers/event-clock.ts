/** The clock of an event with a time limit. It stands while the event waits for others: for a heavy thread, or for Telegram. */

import { LONGEST_TIMER } from "../src/protocol/longest-timer.ts";

export class EventClock {
  #timer: NodeJS.Timeout | undefined;
  #limit = 0;
  #left = 0;
  #startedAt = 0;
  #onLate: () => void = () => {};
  /** Reasons for which it stands. */
  #pauses: number;

  constructor(pauses = 0) {
    this.#pauses = pauses;
  }

  /** The limit: ms; 0 while the clock stands. */
  get limit(): number {
    return this.#pauses > 0 ? 0 : this.#limit;
  }

  /** Sets the limit anew, from now on. */
  start(milliseconds: number, onLate: () => void): void {
    this.#limit = milliseconds;
    this.#left = milliseconds;
    this.#onLate = onLate;
    clearTimeout(this.#timer);
    if (this.#pauses === 0) this.#run();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#onLate = () => {};
  }

  pause(): void {
    this.#pauses += 1;
    if (this.#pauses > 1) return;
    clearTimeout(this.#timer);
    this.#left -= performance.now() - this.#startedAt;
  }

  resume(): void {
    this.#pauses -= 1;
    if (this.#pauses === 0) this.#run();
  }

  #run(): void {
    this.#startedAt = performance.now();
    // Events may run for longer than a timer can.
    if (this.#left <= LONGEST_TIMER) this.#timer = setTimeout(() => this.#onLate(), Math.max(0, this.#left)).unref();
  }
}
