/**
 * Calls that wait for the limit of all chats, at most one of each lane: first come, first served, so that no chat starves. Bulk waits
 * until no other call does.
 */

import type { Limiter } from "./limiter.ts";

/** Calls `done` after so many milliseconds. @returns cancels the wait */
export type Wait = (milliseconds: number, done: () => void) => () => void;

/** A call that waits. */
export interface Waiting {
  /** With `isBulk` the call goes out as bulk. */
  readonly sending: { readonly isBulk?: boolean };
}

export interface WaitingLineOptions<Member> {
  limiter: Pick<Limiter, "isOpen" | "delay" | "went">;
  wait: Wait;
  /** It is the member's turn. */
  go(member: Member): void;
}

/** The most bulk under way: a quarter of the connections for calls, so that the others find one. */
const MOST_BULK = 250;

export class WaitingLine<Member extends Waiting> {
  readonly #options: WaitingLineOptions<Member>;
  readonly #calls = new Queue<Member>();
  readonly #bulk = new Queue<Member>();
  #bulkUnderWay = 0;
  #stop: (() => void) | undefined;

  constructor(options: WaitingLineOptions<Member>) {
    this.#options = options;
  }

  get size(): number {
    return this.#calls.size + this.#bulk.size;
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  /** Takes a turn, if there is one at once. @returns false if the call has to wait */
  pass({ isBulk }: Waiting["sending"]): boolean {
    const { limiter } = this.#options;
    const isFree = this.isEmpty || (this.#calls.size === 0 && !isBulk);
    if (!isFree || (isBulk && this.#bulkUnderWay >= MOST_BULK)) return false;
    if (!limiter.isOpen) {
      if (limiter.delay() > 0) return false;
      limiter.went(false);
    }
    if (isBulk) this.#bulkUnderWay += 1;
    return true;
  }

  /** A call that went out is answered. */
  answered({ isBulk }: Waiting["sending"]): void {
    if (isBulk) this.#bulkUnderWay -= 1;
    if (!this.isEmpty) this.advance();
  }

  add(member: Member, isBulk: boolean): void {
    (isBulk ? this.#bulk : this.#calls).add(member);
    if (this.#stop === undefined) this.advance();
  }

  /** The member is bulk no more: a call behind it in its lane is none. */
  promote(member: Member): void {
    if (this.#bulk.delete(member)) this.add(member, false);
  }

  delete(member: Member): void {
    if (!this.#calls.delete(member)) this.#bulk.delete(member);
    if (this.isEmpty) this.#stopWaiting();
  }

  /** Lets those go whose turn it is. To be called when the limiter may have changed its mind. */
  advance(): void {
    const { limiter, wait, go } = this.#options;
    this.#stopWaiting();
    while (this.#calls.size > 0 || (this.#bulk.size > 0 && this.#bulkUnderWay < MOST_BULK)) {
      const delay = limiter.delay();
      if (delay > 0) {
        this.#stop = wait(delay, () => {
          this.#stop = undefined;
          this.advance();
        });
        return;
      }
      limiter.went(true);
      const member = (this.#calls.take() ?? this.#bulk.take())!;
      if (member.sending.isBulk) this.#bulkUnderWay += 1;
      go(member);
    }
  }

  #stopWaiting(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}

/** A queue that any member may leave. */
class Queue<Member> {
  readonly #members = new Set<Member>();
  /** Kept, because a new one would look at the places of all who have left. */
  #next = this.#members.values();

  get size(): number {
    return this.#members.size;
  }

  add(member: Member): void {
    this.#members.add(member);
  }

  delete(member: Member): boolean {
    return this.#members.delete(member);
  }

  take(): Member | undefined {
    if (this.#members.size === 0) return undefined;
    let next = this.#next.next();
    if (next.done) {
      // It came to the end when the queue was empty.
      this.#next = this.#members.values();
      next = this.#next.next();
    }
    this.#members.delete(next.value!);
    return next.value;
  }
}
