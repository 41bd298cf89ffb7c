/**
 * The limit across all chats, learnt from Telegram's answers. A 429 does not say whether the chat's limit or the bot's was hit. A
 * refused chat waits as it was told, and no other does. The bot's limit shows in a second of answers (answer-window.ts).
 *
 *   open ---- a second shows the bot's limit ----> paced, at what succeeded in that second
 *   paced --- again --> slower (learnt-rate.ts); not for a while --> faster, as long as calls wait for it
 *         --- a minute without a refusal, and no call waits --> open
 *   open, paced --- many rested chats refused in a row, and no success for 0.2 s --> shut: one call in 0.5 s, the probe
 *   shut ---- a call succeeds --> as before; slower if the first probe was refused
 *
 * With a rate of its own it is never faster than that. Pure: nothing waits here.
 */

import { AnswerWindow, MANY } from "./answer-window.ts";
import { LearntRate, STRAGGLING } from "./learnt-rate.ts";
import { Meter } from "./meter.ts";

export interface LimiterOptions {
  /** Calls in a second, over all chats; Infinity for any number. */
  rate?: number;
  /** A clock, in milliseconds. */
  now?(): number;
}

/** A late timer is made up for, by so many milliseconds; idle time is not. */
const LATE = 20;
/** Without a refusal for so long it opens again: ms. */
const CALM = 60_000;
/** The time without a success that shuts it, if many chats are refused: ms. */
const SILENCE = 200;
const PROBE_INTERVAL = 500;
/** So far below the rate, the successes of a second do not show the limit: the second was disturbed. */
const DISTURBED = 0.6;

export class Limiter {
  readonly #now: () => number;
  /** The rate that was given. */
  #most: number;
  readonly #learnt = new LearntRate();
  readonly #successes = new Meter();
  /** Time of the next call; while it is shut, of the next probe. */
  #next = Number.NEGATIVE_INFINITY;
  /** Present while calls are paced, or refused. */
  #window: AnswerWindow | undefined;
  #refusedAt = Number.NEGATIVE_INFINITY;
  /** Rested chats refused since the latest success, and the time of the first of these refusals. */
  readonly #row = new Set<string>();
  #rowSince = 0;
  /** Time at which it shut; undefined while it is not shut. */
  #shutSince: number | undefined;
  #probe: "none" | "under way" | "refused" = "none";

  constructor({ rate = Number.POSITIVE_INFINITY, now = () => performance.now() }: LimiterOptions = {}) {
    this.#most = rate;
    this.#now = now;
  }

  /** True if any number of calls may go out at once. Costs nothing to read. */
  get isOpen(): boolean {
    return this.#window === undefined && this.#isUnlimited;
  }

  /** True if all calls wait for the outcome of a probe. */
  get isShut(): boolean {
    return this.#shutSince !== undefined;
  }

  /** Calls in a second. */
  get rate(): number {
    return Math.min(this.#learnt.value, this.#most);
  }

  /** Calls that succeeded in the last second. */
  get succeeded(): number {
    const now = this.#now();
    return this.#successes.secondBefore(now, now);
  }

  /** Changes the rate: calls in a second. The rest of a wait under way is scaled to the new rate. */
  restrict(rate: number): void {
    const before = this.rate;
    this.#most = rate;
    const now = this.#now();
    if (!this.isShut && this.#next > now) this.#next = now + (this.#next - now) * (before / this.rate);
  }

  /** Milliseconds until the next call may go out. */
  delay(): number {
    const now = this.#now();
    if (this.#window !== undefined) this.#judge(now, this.#window);
    return this.#isUnlimited ? 0 : Math.max(0, this.#next - now);
  }

  /** A call goes out. @param waited true if it had to wait for its turn */
  went(waited: boolean): void {
    if (this.#isUnlimited) return;
    const now = this.#now();
    if (this.isShut) {
      if (this.#probe === "none") this.#probe = "under way";
      this.#next = now + PROBE_INTERVAL;
      return;
    }
    if (!waited && now - this.#refusedAt >= CALM) this.#learnt.forget();
    this.#learnt.used(now, waited);
    this.#next = Math.max(this.#next, waited ? now - LATE : now) + 1000 / this.rate;
  }

  /** Telegram answered a call, and not with a 429. */
  passed(lane: string): void {
    const now = this.#now();
    this.#successes.count(now);
    if (this.#row.size > 0) this.#row.clear();
    if (this.#shutSince !== undefined) this.#open(now, this.#shutSince);
    if (this.#window === undefined) return;
    this.#window.passed(lane, now);
    this.#judge(now, this.#window);
  }

  /** Telegram refused a call with a 429. */
  refused(lane: string): void {
    const now = this.#now();
    this.#refusedAt = now;
    if (this.isShut) return this.#probeRefused(now);
    this.#window ??= this.#watch(now, now);
    if (this.#window.isRested(lane, now)) {
      if (this.#row.size === 0) this.#rowSince = now;
      this.#row.add(lane);
      const many = this.#window.isFirst ? 2 * MANY : MANY;
      if (this.#row.size >= many && now - this.#rowSince >= SILENCE) return this.#shut(now);
    }
    this.#window.refused(lane, now);
    this.#judge(now, this.#window);
  }

  get #isUnlimited(): boolean {
    return this.#shutSince === undefined && this.rate === Number.POSITIVE_INFINITY;
  }

  #watch(since: number, now: number): AnswerWindow {
    const succeededBefore = this.#successes.secondBefore(now, now);
    return new AnswerWindow({ since, succeededBefore, previous: this.#window });
  }

  /** Slows down if the window shows the bot's limit. */
  #judge(now: number, window: AnswerWindow): void {
    const { value: rate, isUnlimited } = this.#learnt;
    if (!window.isOver(now, rate)) return;
    if (window.showsLimitOfBot(!isUnlimited)) {
      const succeeded = this.#successes.secondBefore(now, now);
      // A burst has used up the second before, or Telegram has shut everybody out meanwhile.
      const isDisturbed = succeeded < DISTURBED * rate;
      this.#learnt.lower(now, isDisturbed ? Math.max(succeeded, window.succeededBefore) : succeeded);
      this.#next = Math.max(this.#next, now);
      this.#window = this.#watch(now + STRAGGLING, now);
    } else this.#window = window.hasRefusals || !isUnlimited ? this.#watch(now, now) : undefined;
  }

  #shut(now: number): void {
    this.#shutSince = now;
    this.#probe = "none";
    this.#next = now;
    this.#window = this.#watch(now, now);
  }

  #probeRefused(now: number): void {
    if (this.#probe !== "under way") return;
    this.#probe = "refused";
    this.#learnt.lowerWhenShut(now, this.#rowSince, this.#successes.secondBefore(this.#rowSince, now));
  }

  #open(now: number, since: number): void {
    this.#shutSince = undefined;
    this.#next = now;
    if (this.#probe === "refused") this.#learnt.opened(now, now - since);
  }
}
