/**
 * The ledger of a crash test: the orders to each chat, and their answers. An answer is checked when it comes, against the answer
 * before it in its chat. So the ledger keeps one line for each chat and one for each dead letter.
 *
 * In each chat the bot must answer the orders 1, 2, 3, …, except the deadly ones. After a crash the event is delivered again: the same
 * answer may follow once more if the application was told that it is not known if Telegram got it. An answer to an earlier order may not.
 */

import { type Answer, DEADLY, type Deed, type Order, writeAnswer } from "./words.ts";

interface Account {
  /** Number of orders. */
  ordered: number;
  last: Answer;
  /** Numbers of deadly orders above `last`. */
  readonly deadly: Set<number>;
  /** `update_id` of each number above `last`. */
  readonly updates: Map<number, number>;
  /** Numbers whose events were retried: they may be answered behind later ones. */
  readonly late: Set<number>;
}

interface Gap {
  readonly fault: string;
  readonly account: Account;
  /** `update_id` of each order, and its number. */
  readonly numbers: Map<number, number>;
}

const NONE: Answer = { number: 0, part: 1, parts: 1, repeat: 0 };
/** Begin of the fault of an order that is passed over. */
const NO_ANSWER = "no answer to";
/** Most faults that are kept. */
const MOST_FAULTS = 50;

export class Ledger {
  readonly faults: string[] = [];
  /** Number of orders that must be answered. */
  ordered = 0;
  answered = 0;
  /** Number of answers that came again. */
  duplicates = 0;
  /** Number of answers that the application repeated because the first send had no result. */
  repeats = 0;
  /** Deadly updates: their `update_id` and a description. */
  readonly deadly = new Map<number, string>();
  readonly #accounts = new Map<number, Account>();
  /** Orders without an answer that a later answer has passed over, by their `update_id`. */
  readonly #gaps = new Map<number, Gap>();
  /** Number of repetitions of each answer, by chat and text. */
  readonly #again = new Map<string, number>();
  readonly #clock: () => string;

  /** @param clock gives the text before each fault */
  constructor(clock = () => "") {
    this.#clock = clock;
  }

  /** Makes the chat's next order. */
  order(chat: number, deed: Deed): Order {
    const account = this.#account(chat);
    account.ordered += 1;
    if (isDeadly(deed)) account.deadly.add(account.ordered);
    else this.ordered += 1;
    return { deed, number: account.ordered };
  }

  /** Notes the id of the order's update. */
  pushed(update_id: number, chat: number, { deed, number }: Order): void {
    this.#account(chat).updates.set(number, update_id);
    if (isDeadly(deed)) this.deadly.set(update_id, `${deed} ${number} in chat ${chat}`);
  }

  heard(chat: number, answer: Answer): void {
    const account = this.#account(chat);
    if (answer.number < account.last.number && account.late.has(answer.number)) return this.#heardLate(account, answer);
    if (isAgain(account.last, answer)) return this.#cameAgain(`${chat} ${writeAnswer(answer)}`);
    const fault = this.#judge(account, answer);
    if (fault !== undefined) this.complain(`chat ${chat}: ${show(answer)} after ${show(account.last)}: ${fault}`);
    if (answer.number < account.last.number) return;
    if (fault?.startsWith(NO_ANSWER)) this.#noteGap(account, answer);
    account.late.delete(answer.number);
    account.last = answer;
    for (const number of account.deadly) if (number < answer.number) account.deadly.delete(number);
    for (const number of account.updates.keys()) if (number <= answer.number) account.updates.delete(number);
  }

  /** Checks that answers came again only if that was not known. @param told the calls that the application was told, each time */
  uncertain(told: readonly string[]): void {
    const times = Map.groupBy(told, (line) => line);
    for (const [line, count] of this.#again) {
      if (count > (times.get(line)?.length ?? 0)) this.complain(`sent twice, and not uncertain: ${line}`);
    }
  }

  /** Dead letters are retried: their answers may come behind later ones of their chats. */
  retried(update_ids: readonly number[]): void {
    for (const update_id of update_ids) {
      const gap = this.#gaps.get(update_id);
      if (gap === undefined) this.#retriedAtLast(update_id);
      else {
        this.#gaps.delete(update_id);
        gap.account.late.add(gap.numbers.get(update_id)!);
        gap.numbers.delete(update_id);
        if (gap.numbers.size === 0) this.faults.splice(this.faults.indexOf(gap.fault), 1);
      }
    }
  }

  /** Checks the dead letters. */
  buried(update_ids: readonly number[]): void {
    const found = new Set(update_ids);
    for (const update_id of update_ids) {
      if (!this.deadly.has(update_id)) this.complain(`update ${update_id} is a dead letter, and should have lived`);
    }
    for (const [update_id, what] of this.deadly) {
      if (!found.has(update_id)) this.complain(`update ${update_id} (${what}) should be a dead letter`);
    }
    if (found.size < update_ids.length) this.complain("there are dead letters of the same update");
  }

  /** Checks that every order is answered. */
  close(): void {
    for (const [chat, account] of this.#accounts) {
      const { last } = account;
      const missing = missingBefore(account.ordered + 1, account);
      if (missing !== undefined) this.complain(`chat ${chat}: ${missing}`);
      const late = [...account.late].join(", ");
      if (late !== "") this.complain(`chat ${chat}: no answer to ${late}, although retried`);
      if (last.part < last.parts) this.complain(`chat ${chat}: only a part of the answer to ${last.number}`);
    }
  }

  complain(fault: string): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push(this.#clock() + fault);
  }

  /** @returns the fault of the answer, if it has one */
  #judge(account: Account, answer: Answer): string | undefined {
    const { last, deadly, ordered } = account;
    const { number, part } = answer;
    if (number > ordered) return "there is no such order";
    if (deadly.has(number)) return "it should have died";
    if (number < last.number) return "out of order, or twice";
    if (number > last.number) {
      this.answered += 1;
      if (last.part < last.parts) return "only a part of the answer before";
      return missingBefore(number, account) ?? (part === 1 ? undefined : "the answer's beginning is missing");
    }
    if (part === last.part + 1) return undefined;
    if (part !== last.part) return "the parts are out of order";
    this.repeats += 1;
    return undefined;
  }

  #retriedAtLast(update_id: number): void {
    for (const { updates, late } of this.#accounts.values()) {
      for (const [number, id] of updates) if (id === update_id) late.add(number);
    }
  }

  /** Takes an answer to a retried order. Its earlier parts may have come before the order became a dead letter. */
  #heardLate(account: Account, { number, part, parts }: Answer): void {
    if (part < parts) return;
    account.late.delete(number);
    this.answered += 1;
  }

  #noteGap(account: Account, { number }: Answer): void {
    const { last, deadly, updates, late } = account;
    const numbers = new Map<number, number>();
    for (const [one, id] of updates) {
      if (one > last.number && one < number && !deadly.has(one) && !late.has(one)) numbers.set(id, one);
    }
    const gap = { fault: this.faults.at(-1)!, account, numbers };
    for (const id of numbers.keys()) this.#gaps.set(id, gap);
  }

  #cameAgain(line: string): void {
    this.duplicates += 1;
    this.#again.set(line, (this.#again.get(line) ?? 0) + 1);
  }

  #account(chat: number): Account {
    const known = this.#accounts.get(chat);
    if (known !== undefined) return known;
    const account = { ordered: 0, last: NONE, deadly: new Set<number>(), updates: new Map(), late: new Set<number>() };
    this.#accounts.set(chat, account);
    return account;
  }
}

/** True if Telegram got the answer before. The application numbers those that it repeats. */
function isAgain(last: Answer, { number, part, repeat }: Answer): boolean {
  return number === last.number && (part < last.part || (part === last.part && repeat <= last.repeat));
}

function isDeadly(deed: Deed): boolean {
  return (DEADLY as readonly Deed[]).includes(deed);
}

/** @returns a fault if events between the last answer and that number have no answer */
function missingBefore(number: number, { last, deadly, updates, late }: Account): string | undefined {
  const between = Array.from({ length: Math.max(0, number - last.number - 1) }, (_, i) => last.number + 1 + i);
  const missing = between.filter((candidate) => !deadly.has(candidate) && !late.has(candidate));
  if (missing.length === 0) return undefined;
  return `${NO_ANSWER} ${missing.map((candidate) => `${candidate} (update ${updates.get(candidate)})`).join(", ")}`;
}

function show({ number, part, parts, repeat }: Answer): string {
  if (number === 0) return "nothing";
  return `${number} (part ${part} of ${parts}, repeat ${repeat})`;
}
