/**
 * A second of answers, from a first refusal on: whose limit refused the calls, a chat's own or the bot's?
 *
 * A chat at its own limit is refused soon after a success of its own. The bot's limit refuses any chat. So the answers to *rested*
 * chats tell: those that had no success within the last second.
 */

/** Length: ms. */
export const WINDOW = 1000;
/** Number of chats whose refusals are no coincidence. */
const MANY = 5;
/** Number of rested chats whose refusals are no coincidence while calls are paced: the rate is a little too high. */
const FEW = 2;
/** Parts of the answers that have to be refusals. */
const FIFTH = 1 / 5;
const FIFTIETH = 1 / 50;

export class AnswerWindow {
  readonly since: number;
  /** Calls that succeeded in the second before it. */
  readonly succeededBefore: number;
  #answers = 0;
  readonly #refused = new Set<string>();
  #refusals = 0;
  /** Answers to rested chats. */
  #rested = 0;
  #restedRefusals = 0;
  /** Time of the latest success of each chat, in this window. */
  readonly #successes = new Map<string, number>();
  /** Those of the window before; undefined in the first window, in which all chats seem to have rested. */
  readonly #before: ReadonlyMap<string, number> | undefined;

  /** @param before the window that ended when this one began */
  constructor(since: number, succeededBefore: number, before?: AnswerWindow) {
    this.since = since;
    this.succeededBefore = succeededBefore;
    if (before !== undefined) this.#before = before.#successes;
  }

  passed(lane: string, now: number): void {
    if (now >= this.since) {
      this.#answers += 1;
      if (this.isRested(lane, now)) this.#rested += 1;
    }
    this.#successes.set(lane, now);
  }

  refused(lane: string, now: number): void {
    if (now < this.since) return;
    this.#answers += 1;
    this.#refusals += 1;
    this.#refused.add(lane);
    if (!this.isRested(lane, now)) return;
    this.#rested += 1;
    this.#restedRefusals += 1;
  }

  isOver(now: number): boolean {
    return now - this.since >= WINDOW;
  }

  get hasRefusals(): boolean {
    return this.#refusals > 0;
  }

  get hasRefusalsAlone(): boolean {
    return this.#refusals === this.#answers;
  }

  /** True if the bot is at its limit. */
  isOfBot(isPaced: boolean): boolean {
    if (this.#before === undefined) return this.#refused.size >= MANY && this.#refusals > this.#answers / 2;
    const [chats, part] = isPaced ? [FEW, FIFTIETH] : [MANY, FIFTH];
    // Too few have rested to tell, because all chats are busy.
    if (this.#rested < MANY) return this.#refused.size >= chats && this.#refusals >= this.#answers * part;
    return this.#restedRefusals >= chats && this.#restedRefusals >= this.#rested * part;
  }

  isRested(lane: string, now: number): boolean {
    const success = this.#successes.get(lane) ?? this.#before?.get(lane);
    return success === undefined || now - success >= WINDOW;
  }
}
