/**
 * The time from a message to its answer, in the chats that nothing has befallen. A chat that was waiting for an answer when a period
 * began does not count in that period.
 */

/** The result of a period. */
export interface Period {
  readonly answers: number;
  /** Of a hundred answers, 99 took no longer: ms. */
  readonly p99: number;
}

export class Waits {
  readonly #now: () => number;
  /** Times of messages without an answer, by number, by chat. */
  readonly #open = new Map<number, Map<number, number>>();
  /** Waits of this period; undefined between two periods. */
  #waits: number[] | undefined;
  #began = 0;
  /** Chats that do not count. */
  readonly #troubled = new Set<number>();

  /** @param now a clock in ms */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  asked(chat: number, number: number): void {
    const open = this.#open.get(chat);
    if (open === undefined) this.#open.set(chat, new Map([[number, this.#now()]]));
    else open.set(number, this.#now());
  }

  answered(chat: number, number: number): void {
    const open = this.#open.get(chat);
    const at = open?.get(number);
    if (open === undefined || at === undefined) return;
    open.delete(number);
    if (open.size === 0) this.#open.delete(chat);
    if (this.#counts(chat, at)) this.#waits!.push(this.#now() - at);
  }

  /** Something befalls the chat: it does not count any more. */
  trouble(chat: number): void {
    this.#troubled.add(chat);
  }

  /** Chats with a message from before that time that has no answer yet. */
  chatsFromBefore(time: number): number[] {
    const oldest = (open: Map<number, number>) => open.values().next().value!;
    return [...this.#open].filter(([, open]) => oldest(open) < time).map(([chat]) => chat);
  }

  begin(): void {
    this.#waits = [];
    this.#began = this.#now();
    this.#troubled.clear();
    for (const chat of this.#open.keys()) this.#troubled.add(chat);
  }

  /** Messages without an answer count with their waits so far. */
  end(): Period {
    const waits = this.#waits ?? [];
    for (const [chat, open] of this.#open) {
      for (const at of open.values()) if (this.#counts(chat, at)) waits.push(this.#now() - at);
    }
    this.#waits = undefined;
    waits.sort((one, other) => one - other);
    return { answers: waits.length, p99: waits[Math.ceil(waits.length * 0.99) - 1] ?? 0 };
  }

  #counts(chat: number, at: number): boolean {
    return this.#waits !== undefined && at >= this.#began && !this.#troubled.has(chat);
  }
}
