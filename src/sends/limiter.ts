/**
 * When calls to chats may go out, as far as all chats together are concerned. Telegram refuses with a 429 whether one chat has
 * had too much or the whole bot has said too much; that it is the whole bot shows in many chats being refused at once.
 *
 *   open ---- MANY chats refused within a second ----> shut, for the shortest of their waits ----> slow ----> open
 *   slow: those who had to wait go one after another, and whoever comes meanwhile goes behind them. The refused are not there
 *         before their own time is up, and many have the same: it is slow until a second has passed with nobody waiting.
 *
 * With a rate it is never more open than slow.
 */

export interface LimiterOptions {
  /** Calls in a second, over all chats; as many as there are, unless told. */
  rate?: number;
  /** A clock, in milliseconds. */
  now?(): number;
}

/** So many chats are no coincidence. */
const MANY = 5;
/** Refusals, and returns of the refused, that belong together: ms. */
const AT_ONCE = 1000;
/** What Telegram allows a bot in a second, "if you're sending bulk notifications": https://core.telegram.org/bots/faq */
const ALLOWED = 30;

export class Limiter {
  readonly #now: () => number;
  readonly #interval: number;
  readonly #slowInterval: number;
  /** The latest refusal of each lane: when it was, and until when it lasts. */
  #refusals = new Map<string, { at: number; until: number }>();
  #shutUntil = Number.NEGATIVE_INFINITY;
  /** When the next turn is. */
  #nextTurn = Number.NEGATIVE_INFINITY;
  /** Whether some may still wait who had to when it was shut. */
  #isSlow = false;

  constructor({ rate, now = () => performance.now() }: LimiterOptions = {}) {
    this.#now = now;
    this.#interval = rate === undefined ? 0 : 1000 / rate;
    this.#slowInterval = Math.max(this.#interval, 1000 / ALLOWED);
  }

  /** Whether everybody has to wait. */
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

  /** A call was refused with a 429, and its lane has to wait for so many milliseconds. */
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
