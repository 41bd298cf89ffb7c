/** The times of each update, and the faults that make a run invalid. */

export interface Verdict {
  /** Updates never answered. */
  lost: number;
  /** Second answers to an update. */
  repeated: number;
  /** Updates answered after a later update of the same chat. */
  outOfOrder: number;
  /** Answers to the wrong chat, or to an update that was never handed out. */
  astray: number;
}

export class Ledger {
  readonly #chatOf: (number: number) => number;
  /** The times at which each update was created and answered; 0 before that. */
  readonly #createdAt: Float64Array;
  readonly #answeredAt: Float64Array;
  readonly #lastOf = new Map<number, number>();
  #answers = 0;
  #repeated = 0;
  #outOfOrder = 0;
  #astray = 0;

  constructor(size: number, chatOf: (number: number) => number) {
    this.#chatOf = chatOf;
    this.#createdAt = new Float64Array(size);
    this.#answeredAt = new Float64Array(size);
  }

  /** The number of answered updates. */
  get answers(): number {
    return this.#answers;
  }

  /** Marks updates as created; in a backlog, as handed out. Only the first time of an update counts. */
  created(start: number, end: number, now: number): void {
    for (let number = start; number < end; number++) this.#createdAt[number] ||= now;
  }

  answer(number: number, chat: number, now: number): void {
    if (!this.#createdAt[number] || this.#chatOf(number) !== chat) {
      this.#astray += 1;
    } else if (this.#answeredAt[number]! > 0) {
      this.#repeated += 1;
    } else {
      this.#answeredAt[number] = now;
      this.#answers += 1;
      if (number < (this.#lastOf.get(chat) ?? -1)) this.#outOfOrder += 1;
      else this.#lastOf.set(chat, number);
    }
  }

  /** The latencies of the answered updates: ms. */
  latencies(start: number, end: number, isWanted: (number: number) => boolean): Float64Array {
    const found: number[] = [];
    for (let number = start; number < end; number++) {
      if (this.#answeredAt[number]! > 0 && isWanted(number))
        found.push(this.#answeredAt[number]! - this.#createdAt[number]!);
    }
    return Float64Array.from(found);
  }

  /** The faults among the updates before `end`. */
  verdict(end: number): Verdict {
    let lost = 0;
    for (let number = 0; number < end; number++) if (this.#answeredAt[number] === 0) lost += 1;
    return { lost, repeated: this.#repeated, outOfOrder: this.#outOfOrder, astray: this.#astray };
  }
}

/** The faults of a run in words; undefined if the run counts. */
export function faultsIn(verdict: Verdict): string | undefined {
  const { lost, repeated, outOfOrder, astray } = verdict;
  const faults = Object.entries({ lost, repeated, "out of order": outOfOrder, astray })
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`);
  return faults.length > 0 ? faults.join(", ") : undefined;
}
