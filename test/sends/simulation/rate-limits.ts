/** Limits as Telegram may have them; each is asked for leave at a time. */

export interface RateLimit {
  /** Takes leave for a call. @returns milliseconds until the next call would be allowed; 0 if this one is */
  take(now: number): number;
}

/** A bucket that fills evenly. */
export class Bucket implements RateLimit {
  rate: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt = 0;

  /** @param rate calls in a second */
  constructor(rate: number, burst: number) {
    this.rate = rate;
    this.#burst = burst;
    this.#tokens = burst;
  }

  take(now: number): number {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAt) * this.rate) / 1000);
    this.#filledAt = now;
    if (this.#tokens < 1) return ((1 - this.#tokens) * 1000) / this.rate;
    this.#tokens -= 1;
    return 0;
  }
}

/** So many calls within any second. */
export class SlidingSecond implements RateLimit {
  rate: number;
  readonly #times: number[] = [];

  constructor(rate: number) {
    this.rate = rate;
  }

  take(now: number): number {
    while (this.#times.length > 0 && now - this.#times[0]! >= 1000) this.#times.shift();
    if (this.#times.length >= this.rate) return 1000 - (now - this.#times[0]!);
    this.#times.push(now);
    return 0;
  }
}

/** A call too many shuts everybody out for some time. */
export class Flood implements RateLimit {
  readonly #limit: RateLimit;
  readonly #milliseconds: number;
  #until = 0;

  constructor(limit: RateLimit, milliseconds: number) {
    this.#limit = limit;
    this.#milliseconds = milliseconds;
  }

  take(now: number): number {
    if (now < this.#until) return this.#until - now;
    if (this.#limit.take(now) === 0) return 0;
    this.#until = now + this.#milliseconds;
    return this.#milliseconds;
  }
}
