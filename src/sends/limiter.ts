/**
 * The rate limit across all chats. A 429 does not say whether the chat's limit or the bot's was hit: if many chats are refused at
 * once, it was the bot's.
 *
 *   open ---- MANY chats refused within a second ----> shut, for the shortest of their waits ----> slow ----> open
 *   slow: calls go out one after another, new calls behind those that wait. It stays slow until no call has waited for a second,
 *         since refused chats come back when their own waits end, and many waits are alike.
 *
 * With a rate, calls are never faster than that.
 */

export interface LimiterOptions {
  /** Calls in a second, over all chats; Infinity for any number. */
  rate?: number;
  /** A clock, in milliseconds. */
  now?(): number;
}

/** Number of chats whose refusals are no coincidence. */
const MANY = 5;
/** Longest time between refusals that belong together, and between calls while it is slow: ms. */
const AT_ONCE = 1000;
/** Calls that Telegram allows a bot in a second, "if you're sending bulk notifications": https://core.telegram.org/bots/faq */
const ALLOWED = 30;

export class Limiter {
  readonly #now: () => number;
  readonly #interval: number;
  readonly #slowInterval: number;
  /** The latest refusal of each lane: its time, and the end of its wait. */
  #refusals = new Map<string, { at: number; until: number }>();
  #shutUntil = Number.NEGATIVE_INFINITY;
  /** Time of the next turn. */
  #nextTurn = Number.NEGATIVE_INFINITY;
  /** True while calls may still wait since it was shut. */
  #isSlow = false;

  constructor({ rate = Number.POSITIVE_INFINITY, now = () => performance.now() }: LimiterOptions = {}) {
    this.#now = now;
    this.#interval = 1000 / rate;
    this.#slowInterval = Math.max(this.#interval, 1000 / ALLOWED);
  }

  /** True if every call has to wait. */
  get isShut(): boolean {
    return this.#now() < this.#shutUntil;
  }

  /** Takes the next turn. @returns milliseconds until then */
  turn(): number {
    const now = this.#now();
    if (now - this.#nextTurn >= AT_ONCE) this.#isSlow = false;
    const at = Math.max(now, this.#nextTurn);
    this.#nextTurn = at + (this.#isSlow ? this.#slowInterval : this.#interval);
    return at - now;
  }

  /** A call was refused with a 429: its lane waits for so many milliseconds. */
  refused(lane: string, wait: number): void {
    const now = this.#now();
    this.#refusals.delete(lane);
    this.#refusals.set(lane, { at: now, until: now + wait });
    for (const [old, { at }] of this.#refusals) {
      if (now - at < AT_ONCE) break;
      this.#refusals.delete(old);
    }
    if (this.#refusals.size < MANY) return;
    this.#shutUntil = Math.min(...[...this.#refusals.values()].map(({ until }) => until));
    this.#nextTurn = Math.max(this.#nextTurn, this.#shutUntil);
    this.#isSlow = true;
  }
}
