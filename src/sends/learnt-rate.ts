/**
 * A rate that is learnt: lowered to what succeeded, it stays for a while, then grows as long as calls wait for it, faster and faster.
 * Where a limit stays as it is, the rate comes back to the same value again and again.
 */

/** Calls that Telegram allows a bot in a second, "if you're sending bulk notifications": https://core.telegram.org/bots/faq */
const ALLOWED = 30;
/** Lowest rate: calls in a second. */
const LEAST = 1;
/** The part of the calls that succeeded in a second to which the rate is lowered. */
const SHARE = 0.98;
/** A count may be one too many, more or less: calls in a second. */
const ROUNDING = 0.3;
/** The least part of a rate that is left, because a second may have been disturbed; and the part that is left if it surely was. */
const LEFT = 0.6;
const LEFT_UNPROVEN = 0.78;
/** The part of a rate that has to succeed if the rate is still right. */
const STILL = 0.85;
/** The same if Telegram has shut everybody out since. */
const STILL_WHEN_SHUT = 0.75;
/** The part of a rate that is left if it was hardly too high. */
const HARDLY = 0.94;

/** Refusals that may belong to calls from before a change: ms. */
export const STRAGGLING = 500;
/** The successes of a second count if the rate had not changed for so long: ms. */
const PROOF = 2000;

/** The rate stays for so long: ms. Twice as long each time it comes back to the same value. */
const SHORTEST_HOLD = 5000;
const LONGEST_HOLD = 40_000;
/** Or for so many times the time that everybody was shut out, up to the longest: ms. */
const HOLD_PER_SHUT = 12;
const LONGEST_HOLD_PER_SHUT = 60_000;
/** Growth in a second. It doubles each time the rate has grown for DOUBLING ms, up to the fastest. */
const GROWTH = 0.02;
const FASTEST_GROWTH = 0.64;
const DOUBLING = 3000;
/** Between two calls that are further apart, no call waited: ms. */
const LONGEST_STEP = 1000;
/** The first rate is a rough one: it grows at once, and as if it had grown for so long: ms. */
const ROUGH = 4 * DOUBLING;

export class LearntRate {
  #value = Number.POSITIVE_INFINITY;
  /** The rate before its latest growth. */
  #held = 0;
  /** The rate a second before it was last lowered. */
  #recent = 0;
  #loweredAt = Number.NEGATIVE_INFINITY;
  /** True if the rate had stood for a while when it was last lowered. */
  #isProven = false;
  #holdFor = SHORTEST_HOLD;
  #holdUntil = 0;
  #grownAt = 0;
  /** Time for which it has grown: ms. */
  #grownFor = 0;

  /** Calls in a second. */
  get value(): number {
    return this.#value;
  }

  get isUnlimited(): boolean {
    return this.#value === Number.POSITIVE_INFINITY;
  }

  forget(): void {
    this.#value = Number.POSITIVE_INFINITY;
  }

  /** @param succeeded calls that succeeded in a second */
  lower(now: number, succeeded: number): void {
    const isFirst = this.isUnlimited;
    const floor = isFirst ? ALLOWED : LEFT * this.#value;
    this.#recent = isFirst ? 0 : now <= this.#holdUntil ? this.#value : this.#value / (1 + this.#growth);
    // Each time it has grown too far it comes back, a little nearer to the limit.
    const still = Math.max(this.#held, (this.#held + HARDLY * this.#recent) / 2);
    const measured = Math.max(SHARE * succeeded - ROUNDING, succeeded >= STILL * this.#held ? still : 0);
    const before = this.#held;
    this.#value = Math.max(LEAST, Math.min(SHARE * this.#value, Math.max(floor, measured)));
    this.#held = isFirst ? 0 : this.#value;
    const isSame = this.#held >= STILL * before && this.#held <= before / STILL;
    this.#holdFor = isSame ? Math.min(LONGEST_HOLD, 2 * this.#holdFor) : SHORTEST_HOLD;
    this.#isProven = !isFirst && now - this.#loweredAt >= PROOF;
    this.#loweredAt = now;
    this.#hold(now, isFirst || measured < floor ? 0 : this.#holdFor, isFirst ? ROUGH : 0);
  }

  /**
   * Telegram has shut everybody out.
   * @param since time of the first refusal
   * @param succeeded calls that succeeded in the second before
   */
  lowerWhenShut(now: number, since: number, succeeded: number): void {
    const age = since - this.#loweredAt;
    if (age >= PROOF) this.lower(now, succeeded);
    else if (age >= STRAGGLING) {
      this.lower(now, LEFT_UNPROVEN * this.#value);
      this.#hold(now, 0, DOUBLING);
    }
    // The count of a second lags behind a rate that grew.
    if (!this.#isProven || succeeded < STILL_WHEN_SHUT * this.#recent) return;
    this.#held = this.#value = Math.max(this.#value, HARDLY * this.#recent);
  }

  /** Everybody was shut out for so long. */
  opened(now: number, milliseconds: number): void {
    const hold = this.#isProven ? Math.min(LONGEST_HOLD_PER_SHUT, HOLD_PER_SHUT * milliseconds) : 0;
    this.#holdUntil = Math.max(this.#holdUntil, now + hold);
  }

  /** A call goes out. @param waited true if the rate made it wait: only then would a higher one be of use */
  used(now: number, waited: boolean): void {
    const time = Math.min(LONGEST_STEP, now - Math.max(this.#grownAt, this.#holdUntil));
    this.#grownAt = now;
    if (!waited || time <= 0) return;
    this.#value *= 1 + this.#growth * (time / 1000);
    this.#grownFor += time;
  }

  /** In a second. */
  get #growth(): number {
    return Math.min(FASTEST_GROWTH, GROWTH * 2 ** Math.floor(this.#grownFor / DOUBLING));
  }

  #hold(now: number, milliseconds: number, grownFor: number): void {
    this.#holdUntil = now + milliseconds;
    this.#grownAt = now;
    this.#grownFor = grownFor;
  }
}
