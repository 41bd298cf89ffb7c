/**
 * A second of answers, from a refusal on. They tell whose limit refused the calls, a chat's own or the bot's: the bot's limit refuses
 * any chat, while a chat at its own limit is refused soon after a success. So the answers to *rested* chats count, which had no success
 * within a second.
 */

/** Length of a window, and the rest of a chat: ms. */
const WINDOW = 1000;
/** Number of chats whose refusals are no coincidence. */
export const MANY = 5;
/** The same while calls are paced: the rate is a little too high. */
const FEW = 2;
/** The part of the answers that has to be refusals: of the first window, of others, and while calls are paced. */
const HALF = 1 / 2;
const FIFTH = 1 / 5;
const FIFTIETH = 1 / 50;

export interface AnswerWindowOptions {
  /** The answers after that time count: ms. */
  since: number;
  /** Calls that succeeded in the second before. */
  succeededBefore: number;
  /** The window that has ended; without, nothing is known of earlier successes. */
  previous?: AnswerWindow | undefined;
}

export class AnswerWindow {
  readonly since: number;
  readonly succeededBefore: number;
  /** Time of the latest success of each chat; of the window before, too, if there was one. */
  readonly #successes = new Map<string, number>();
  readonly #earlier: ReadonlyMap<string, number> | undefined;
  /** Chats that were refused. */
  readonly #refused = new Set<string>();
  #answers = 0;
  #refusals = 0;
  /** Answers to rested chats, and the refusals among them. */
  #rested = 0;
  #restedRefusals = 0;

  constructor({ since, succeededBefore, previous }: AnswerWindowOptions) {
    this.since = since;
    this.succeededBefore = succeededBefore;
    this.#earlier = previous === undefined ? undefined : previous.#successes;
  }

  /** In the first window every chat seems to have rested: that takes twice as many to tell. */
  get isFirst(): boolean {
    return this.#earlier === undefined;
  }

  get hasRefusals(): boolean {
    return this.#refusals > 0;
  }

  isRested(lane: string, now: number): boolean {
    const success = this.#successes.get(lane) ?? this.#earlier?.get(lane);
    return success === undefined || now - success >= WINDOW;
  }

  passed(lane: string, now: number): void {
    if (now >= this.since) this.#count(lane, now);
    this.#successes.set(lane, now);
  }

  refused(lane: string, now: number): void {
    if (now < this.since) return;
    if (this.#count(lane, now)) this.#restedRefusals += 1;
    this.#refusals += 1;
    this.#refused.add(lane);
  }

  /** @param rate of paced calls; Infinity if calls are not paced */
  isOver(now: number, rate: number): boolean {
    const isPaced = rate !== Number.POSITIVE_INFINITY;
    return now - this.since >= WINDOW || (isPaced && this.#restedRefusals >= Math.max(FEW, FIFTIETH * rate));
  }

  /** True if the bot is at its limit. */
  showsLimitOfBot(isPaced: boolean): boolean {
    if (this.isFirst) return this.#refused.size >= 2 * MANY && this.#refusals > this.#answers * HALF;
    const [chats, part] = isPaced ? [FEW, FIFTIETH] : [MANY, FIFTH];
    // If all chats are busy, too few have rested to tell.
    if (this.#rested < MANY) return this.#refused.size >= chats && this.#refusals >= this.#answers * part;
    return this.#restedRefusals >= chats && this.#restedRefusals >= this.#rested * part;
  }

  /** @returns true if the chat had rested */
  #count(lane: string, now: number): boolean {
    const isRested = this.isRested(lane, now);
    this.#answers += 1;
    if (isRested) this.#rested += 1;
    return isRested;
  }
}
