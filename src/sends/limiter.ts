/**
 * The rate limit across all chats, learnt from Telegram's answers. A 429 does not say whether the chat's limit or the bot's was hit.
 * A chat that is refused waits as it was told, and makes no other chat wait. The bot's limit shows in chats that are refused although
 * they have rested (answer-window.ts).
 *
 *   open ---- a second of answers shows the bot's limit ----> paced, at a little less than what succeeded in that second
 *   paced --- another such second --> slower;  no such second --> faster, after a while, as long as calls wait for their turn
 *   paced --- a minute without a refusal, and no call waits --> open
 *   open, paced --- five chats refused in a row, and no success for 0.2 s --> shut: one call every 0.5 s, the probe
 *   shut ---- a call succeeds --> as before, or slower if the first probe was refused
 *
 * With a rate of its own it is never faster than that.
 */

import { AnswerWindow, WINDOW } from "./answer-window.ts";
import { Meter } from "./meter.ts";

export interface LimiterOptions {
  /** Calls in a second, over all chats; Infinity for any number. */
  rate?: number;
  /** A clock, in milliseconds. */
  now?(): number;
}

/** Calls that Telegram allows a bot in a second, "if you're sending bulk notifications": https://core.telegram.org/bots/faq */
const ALLOWED = 30;
/** Lowest rate: calls in a second. */
const LEAST = 1;
/** What is left to Telegram of the calls that succeeded. */
const SHARE = 0.97;
/** A second that was disturbed shows too few successes: what is left of the rate at least. */
const LEFT = 0.6;
const LEFT_UNPROVEN = 0.78;
/** The successes of a second count if the rate had not changed for so long: ms. */
const PROOF = 2000;
/** Refusals that belong to calls from before a change of the rate: ms. */
const STRAGGLING = 500;
/** A late timer is made up for, by so many milliseconds; idle time is not. */
const LATE = 20;

/** Chats refused in a row that shut it. */
const ROW = 5;
/** Time without a success that shuts it: ms. */
const SILENCE = 200;
const PROBE_INTERVAL = 500;

/** The rate stays for so long after a change: ms. */
const HOLD = 20_000;
/** Or for so many times the time that it was shut, up to the longest: ms. */
const HOLD_PER_SHUT = 20;
const LONGEST_HOLD = 100_000;
/** Growth in a second. It doubles every five seconds, up to the fastest. */
const GROWTH = 0.02;
const FASTEST_GROWTH = 0.64;
const DOUBLING = 5000;
/** A rough rate grows as one that has grown for so long: ms. */
const ROUGH = 4 * DOUBLING;
/** The part of a rate that has to succeed if the rate is still right. */
const STILL = 0.95;
/** Without a refusal for so long it opens again: ms. */
const CALM = 60_000;

export class Limiter {
  readonly #now: () => number;
  /** The rate that was given. */
  readonly #most: number;
  /** The rate that was learnt. */
  #rate = Number.POSITIVE_INFINITY;
  /** Time of the next call; while it is shut, of the next probe. */
  #next = Number.NEGATIVE_INFINITY;
  readonly #successes = new Meter();
  /** Present while calls are refused. */
  #window: AnswerWindow | undefined;
  #refusedAt = Number.NEGATIVE_INFINITY;
  /** Chats refused since the latest success, and the time of the first of these refusals. */
  readonly #row = new Set<string>();
  #rowSince = 0;
  /** Time at which it shut; undefined while it is not shut. */
  #shutSince: number | undefined;
  #isProven = false;
  #slowedAt = Number.NEGATIVE_INFINITY;
  #probe: "none" | "under way" | "refused" = "none";
  /** The rate before its latest growth. */
  #held = 0;
  /** The end of the time in which the rate stays. */
  #holdUntil = 0;
  /** Time of the latest growth, and how long the rate has grown. */
  #grownAt = 0;
  #grownFor = 0;

  constructor({ rate = Number.POSITIVE_INFINITY, now = () => performance.now() }: LimiterOptions = {}) {
    this.#most = rate;
    this.#now = now;
  }

  /** True if any number of calls may go out at once. */
  get isOpen(): boolean {
    return this.#isUnlimited && this.#window === undefined;
  }

  /** True if calls wait for the outcome of a probe. */
  get isShut(): boolean {
    return this.#shutSince !== undefined;
  }

  /** Calls in a second. */
  get rate(): number {
    return Math.min(this.#rate, this.#most);
  }

  /** Milliseconds until the next call may go out. */
  get delay(): number {
    if (this.isOpen) return 0;
    const now = this.#now();
    if (this.#window !== undefined) this.#judge(now, this.#window);
    return this.#isUnlimited ? 0 : Math.max(0, this.#next - now);
  }

  /** A call goes out. `waited`: it had to wait for its turn. */
  went(waited: boolean): void {
    if (this.#isUnlimited) return;
    const now = this.#now();
    if (this.#shutSince !== undefined) {
      if (this.#probe === "none") this.#probe = "under way";
      this.#next = now + PROBE_INTERVAL;
      return;
    }
    if (waited) this.#grow(now);
    else if (now - this.#refusedAt >= CALM) this.#rate = Number.POSITIVE_INFINITY;
    this.#grownAt = now;
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
    if (this.#shutSince !== undefined) return this.#probeRefused(now);
    this.#window ??= this.#watch(now, now);
    if (this.#window.isRested(lane, now)) {
      if (this.#row.size === 0) this.#rowSince = now;
      this.#row.add(lane);
      if (this.#row.size >= ROW && now - this.#rowSince >= SILENCE) return this.#shut(now);
    }
    this.#window.refused(lane, now);
    this.#judge(now, this.#window);
  }

  get #isUnlimited(): boolean {
    return this.#shutSince === undefined && this.rate === Number.POSITIVE_INFINITY;
  }

  #watch(since: number, now: number, before?: AnswerWindow): AnswerWindow {
    return new AnswerWindow(since, this.#successes.secondBefore(now, now), before);
  }

  /** Slows down if the second of answers shows the bot's limit. */
  #judge(now: number, window: AnswerWindow): void {
    if (!window.isOver(now)) return;
    const isPaced = this.#rate !== Number.POSITIVE_INFINITY;
    if (window.isOfBot(isPaced)) {
      const succeeded = this.#successes.secondBefore(now, now);
      // Nothing came for a while, or a burst has used up the second before.
      const isDisturbed = !isPaced || window.hasRefusalsAlone || now - window.since > 2 * WINDOW;
      this.#slowDown(now, isDisturbed ? Math.max(succeeded, window.succeededBefore) : succeeded, HOLD);
      this.#window = this.#watch(now + STRAGGLING, now, window);
    } else this.#window = window.hasRefusals ? this.#watch(now, now, window) : undefined;
  }

  /** @param succeeded calls that succeeded in a second */
  #slowDown(now: number, succeeded: number, hold: number): void {
    const isFirst = this.#rate === Number.POSITIVE_INFINITY;
    // The rate before the latest growth was right, unless far less succeeds now.
    const held = succeeded >= STILL * this.#held ? this.#held : 0;
    const measured = Math.max(held, SHARE * succeeded);
    const least = isFirst ? ALLOWED : Math.max(LEAST, LEFT * this.#rate);
    this.#rate = Math.min(SHARE * this.#rate, Math.max(least, measured));
    this.#held = isFirst ? 0 : this.#rate;
    this.#next = Math.max(this.#next, now);
    this.#slowedAt = now;
    // The first rate is a rough one.
    this.#hold(now, measured < least ? 0 : hold, isFirst);
    if (process.env.TRACE) console.log("cut", now.toFixed(0), this.#rate.toFixed(1), "succ", succeeded, this.#shutSince, JSON.stringify(this.#window));
  }

  /** Keeps the rate for so long. A rough one grows at once, and fast. */
  #hold(now: number, milliseconds: number, isRough: boolean): void {
    this.#holdUntil = now + (isRough ? 0 : milliseconds);
    this.#grownFor = isRough ? ROUGH : 0;
    this.#grownAt = now;
  }

  #grow(now: number): void {
    const time = now - Math.max(this.#grownAt, this.#holdUntil);
    if (time <= 0) return;
    const growth = Math.min(FASTEST_GROWTH, GROWTH * 2 ** Math.floor(this.#grownFor / DOUBLING));
    this.#rate *= 1 + growth * (time / 1000);
    this.#grownFor += time;
  }

  #shut(now: number): void {
    this.#shutSince = now;
    this.#probe = "none";
    this.#next = now;
    this.#window = this.#watch(now, now, this.#window);
  }

  #probeRefused(now: number): void {
    if (this.#probe !== "under way") return;
    this.#probe = "refused";
    const age = this.#rowSince - this.#slowedAt;
    // The calls were from before the change.
    if (age < STRAGGLING) return;
    const isProven = age >= PROOF;
    const succeeded = this.#successes.secondBefore(this.#rowSince, now);
    this.#slowDown(now, isProven ? succeeded : LEFT_UNPROVEN * this.#rate, 0);
    if (!isProven) this.#grownFor = DOUBLING;
    this.#isProven = isProven;
  }

  #open(now: number, since: number): void {
    this.#shutSince = undefined;
    this.#next = now;
    this.#grownAt = now;
    if (this.#isProven) this.#holdUntil = now + Math.min(LONGEST_HOLD, HOLD_PER_SHUT * (now - since));
    this.#isProven = false;
  }
}
