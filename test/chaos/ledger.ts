/**
 * The ledger of a crash test: the orders to each chat, and their answers. An answer is checked when it comes, against the answer
 * before it in its chat. So the ledger keeps one line for each chat and one for each dead letter.
 *
 * In each chat the bot must answer the orders 1, 2, 3, …, except the deadly ones. After a crash between an answer and its
 * settlement the event is delivered again: another answer to the same order may follow if its attempt is later. An answer to an
 * earlier order may not.
 */

import { type Answer, DEADLY, type Deed, type Order } from "./words.ts";

interface Account {
  /** Number of orders. */
  ordered: number;
  last: Answer;
  /** Numbers of deadly orders above `last`. */
  readonly deadly: Set<number>;
  /** `update_id` of each number above `last`. */
  readonly updates: Map<number, number>;
}

const NONE: Answer = { number: 0, attempt: 0, part: 1, parts: 1, repeat: 0 };
/** Most faults that are kept. */
const MOST_FAULTS = 50;

export class Ledger {
  readonly faults: string[] = [];
  /** Number of orders that must be answered. */
  ordered = 0;
  answered = 0;
  /** Number of answers to an event that was answered at an earlier attempt. */
  duplicates = 0;
  /** Number of answers that the application repeated because the first send had no result. */
  repeats = 0;
  /** Deadly updates: their `update_id` and a description. */
  readonly deadly = new Map<number, string>();
  readonly #accounts = new Map<number, Account>();
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
    const fault = this.#judge(account, answer);
    if (fault !== undefined) this.complain(`chat ${chat}: ${show(answer)} after ${show(account.last)}: ${fault}`);
    if (answer.number < account.last.number) return;
    account.last = answer;
    for (const number of account.deadly) if (number < answer.number) account.deadly.delete(number);
    for (const number of account.updates.keys()) if (number <= answer.number) account.updates.delete(number);
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
      if (last.part < last.parts) this.complain(`chat ${chat}: only a part of the answer to ${last.number}`);
    }
  }

  complain(fault: string): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push(this.#clock() + fault);
  }

  /** @returns the fault of the answer, if it has one */
  #judge(account: Account, answer: Answer): string | undefined {
    const { last, deadly, ordered } = account;
    const { number, attempt, part, repeat } = answer;
    if (number > ordered) return "there is no such order";
    if (deadly.has(number)) return "it should have died";
    if (number < last.number) return "out of order, or twice";
    if (number > last.number) {
      this.answered += 1;
      if (last.part < last.parts) return "only a part of the answer before";
      return missingBefore(number, account) ?? (part === 1 ? undefined : "the answer's beginning is missing");
    }
    if (attempt > last.attempt) {
      this.duplicates += 1;
      return part === 1 ? undefined : "the answer's beginning is missing";
    }
    if (attempt < last.attempt) return "an earlier attempt";
    if (part === last.part + 1) return undefined;
    if (part !== last.part) return "the parts are out of order";
    this.repeats += 1;
    return repeat > last.repeat ? undefined : "twice at one attempt";
  }

  #account(chat: number): Account {
    const known = this.#accounts.get(chat);
    if (known !== undefined) return known;
    const account = { ordered: 0, last: NONE, deadly: new Set<number>(), updates: new Map<number, number>() };
    this.#accounts.set(chat, account);
    return account;
  }
}

function isDeadly(deed: Deed): boolean {
  return (DEADLY as readonly Deed[]).includes(deed);
}

/** @returns a fault if events between the last answer and that number have no answer */
function missingBefore(number: number, { last, deadly, updates }: Account): string | undefined {
  const between = Array.from({ length: Math.max(0, number - last.number - 1) }, (_, i) => last.number + 1 + i);
  const missing = between.filter((candidate) => !deadly.has(candidate));
  if (missing.length === 0) return undefined;
  return `no answer to ${missing.map((candidate) => `${candidate} (update ${updates.get(candidate)})`).join(", ")}`;
}

function show({ number, attempt, part, parts, repeat }: Answer): string {
  if (number === 0) return "nothing";
  return `${number} (attempt ${attempt}${parts > 1 ? `, part ${part} of ${parts}` : ""}${repeat > 0 ? `, repeat ${repeat}` : ""})`;
}
