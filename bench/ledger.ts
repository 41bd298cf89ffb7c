/** What was handed out and what was answered: exact times of each update, and everything that makes a run no result. */

export interface Verdict {
  /** Never answered. */
  lost: number;
  /** Answered once more. */
  repeated: number;
  /** Answered after a later one of the same chat. */
  outOfOrder: number;
  /** Answers to the wrong chat, or to nothing that was handed out. */
  astray: number;
}

export class Ledger {
  readonly #chatOf: (number: number) => number;
  /** When each came to be and was answered; 0 as long as it has not. */
  readonly #born: Float64Array;
  readonly #answered: Float64Array;
  readonly #lastOf = new Map<number, number>();
  #answers = 0;
  #repeated = 0;
  #outOfOrder = 0;
  #astray = 0;

  constructor(size: number, chatOf: (number: number) => number) {
    this.#chatOf = chatOf;
    this.#born = new Float64Array(size);
    this.#answered = new Float64Array(size);
  }

  /** How many have been answered. */
  get answers(): number {
    return this.#answers;
  }

  /** These came to be, or, where all of them waited from the beginning, were handed out; only the first time counts. */
  bear(start: number, end: number, now: number): void {
    for (let number = start; number < end; number++) this.#born[number] ||= now;
  }

  answer(number: number, chat: number, now: number): void {
    if (!this.#born[number] || this.#chatOf(number) !== chat) {
      this.#astray += 1;
    } else if (this.#answered[number]! > 0) {
      this.#repeated += 1;
    } else {
      this.#answered[number] = now;
      this.#answers += 1;
      if (number < (this.#lastOf.get(chat) ?? -1)) this.#outOfOrder += 1;
      else this.#lastOf.set(chat, number);
    }
  }

  /** How long those took that were answered: ms. */
  latencies(start: number, end: number, isWanted: (number: number) => boolean): Float64Array {
    const found: number[] = [];
    for (let number = start; number < end; number++) {
      if (this.#answered[number]! > 0 && isWanted(number)) found.push(this.#answered[number]! - this.#born[number]!);
    }
    return Float64Array.from(found);
  }

  /** Of everything before that number. */
  verdict(end: number): Verdict {
    let lost = 0;
    for (let number = 0; number < end; number++) if (this.#answered[number] === 0) lost += 1;
    return { lost, repeated: this.#repeated, outOfOrder: this.#outOfOrder, astray: this.#astray };
  }
}

/** What is wrong with a run, in words; nothing, if it counts. */
export function faultsIn(verdict: Verdict): string | undefined {
  const { lost, repeated, outOfOrder, astray } = verdict;
  const faults = Object.entries({ lost, repeated, "out of order": outOfOrder, astray })
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`);
  return faults.length > 0 ? faults.join(", ") : undefined;
}
