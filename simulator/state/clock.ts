/**
 * The simulator's clock: real time, plus the time by which a test has set it forward. What happens at a date or ends a wait of the bot is
 * scheduled here. Expectations wait by real time alone.
 */

import { clearTimeout, now, setTimeout } from "./real-time.ts";

interface Appointment {
  /** Milliseconds since 1970, by this clock. */
  readonly due: number;
  readonly run: () => void;
  timer: NodeJS.Timeout | undefined;
}

/** Longest time of a timer of Node.js: ms. */
const LONGEST_TIMER = 2 ** 31 - 1;

export class Clock {
  readonly #base: () => number;
  readonly #appointments = new Set<Appointment>();
  #ahead = 0;

  /** @param base milliseconds since 1970; default: real time */
  constructor(base: () => number = now) {
    this.#base = base;
  }

  /** Milliseconds since 1970. */
  readonly now = (): number => this.#base() + this.#ahead;

  /** Calls `run` after so many milliseconds, unless the returned function is called before. */
  schedule(milliseconds: number, run: () => void): () => void {
    const appointment: Appointment = { due: this.now() + milliseconds, run, timer: undefined };
    this.#appointments.add(appointment);
    this.#wind(appointment);
    return () => this.#cancel(appointment);
  }

  /** Sets the clock forward. What is due on the way runs at its time, the earliest first. */
  advance(milliseconds: number): void {
    const end = this.#ahead + milliseconds;
    const target = this.now() + milliseconds;
    for (;;) {
      const next = this.#earliest();
      if (next === undefined || next.due > target) break;
      this.#ahead = Math.max(this.#ahead, next.due - this.#base());
      this.#cancel(next);
      next.run();
    }
    this.#ahead = Math.max(this.#ahead, end);
    for (const appointment of this.#appointments) this.#wind(appointment);
  }

  /** Cancels what is scheduled. */
  stop(): void {
    for (const appointment of this.#appointments) this.#cancel(appointment);
  }

  #earliest(): Appointment | undefined {
    let earliest: Appointment | undefined;
    for (const appointment of this.#appointments) {
      if (earliest === undefined || appointment.due < earliest.due) earliest = appointment;
    }
    return earliest;
  }

  #wind(appointment: Appointment): void {
    clearTimeout(appointment.timer);
    const left = Math.max(0, appointment.due - this.now());
    // The base of a test may stand still: real time rings, too.
    const ring = left > LONGEST_TIMER ? () => this.#wind(appointment) : () => this.#ring(appointment);
    appointment.timer = setTimeout(ring, Math.min(left, LONGEST_TIMER));
  }

  #ring(appointment: Appointment): void {
    this.#cancel(appointment);
    appointment.run();
  }

  #cancel(appointment: Appointment): void {
    clearTimeout(appointment.timer);
    this.#appointments.delete(appointment);
  }
}
