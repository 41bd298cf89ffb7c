/** Lanes that Telegram makes wait for long: each is told once, until Telegram takes a call of it again. */

/** A wait that is worth a warning: ms. */
const LONG = 60_000;

export interface LongWaitsOptions {
  /** A lane waits longer than a minute. @param seconds from its first refusal to the end of the wait */
  tell(lane: string, seconds: number): void;
  /** A clock, in milliseconds. */
  now?(): number;
}

export class LongWaits {
  readonly #tell: LongWaitsOptions["tell"];
  readonly #now: () => number;
  /** Time of the first refusal, by lane; Infinity if it was told. */
  readonly #since = new Map<string, number>();

  constructor({ tell, now = () => performance.now() }: LongWaitsOptions) {
    this.#tell = tell;
    this.#now = now;
  }

  /** A call is to be repeated after so many milliseconds. */
  refused(lane: string, wait: number): void {
    const now = this.#now();
    const since = this.#since.get(lane) ?? now;
    const total = now + wait - since;
    const isLong = total > LONG;
    this.#since.set(lane, isLong ? Number.POSITIVE_INFINITY : since);
    if (isLong) this.#tell(lane, Math.round(total / 1000));
  }

  /** The lane's call is over. */
  over(lane: string): void {
    if (this.#since.size > 0) this.#since.delete(lane);
  }
}
