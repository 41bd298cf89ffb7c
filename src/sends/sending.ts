/** A call on its way through the outbox, and what is done with its outcome. */

import type { Answer, Call } from "../protocol/port.ts";

export interface Sending {
  readonly call: Call;
  /** Behind all others if calls have to wait for the limit of all chats. */
  readonly isBulk?: boolean;
  succeeded(answer: Answer): void;
  /** @param isGivenUp the server stops: no one is told of each call */
  failed(error: unknown, isGivenUp?: boolean): void;
  /** Telegram makes the call wait, or a call before it. May be called again. */
  delayed?(): void;
  /** The call is not made: a newer one is, whose outcome follows. */
  superseded?(): void;
}

/** Calls of which only the newest is made: all get its outcome. */
export class Merged implements Sending {
  readonly call: Call;
  readonly isBulk: boolean;
  /** The oldest first. */
  readonly #sendings: Sending[];

  constructor(older: Sending, newer: Sending) {
    this.call = newer.call;
    this.isBulk = older.isBulk === true && newer.isBulk === true;
    this.#sendings = older instanceof Merged ? older.#sendings : [older];
    this.#sendings.push(newer);
  }

  succeeded(answer: Answer): void {
    for (const sending of this.#sendings) sending.succeeded(answer);
  }

  failed(error: unknown, isGivenUp?: boolean): void {
    for (const sending of this.#sendings) sending.failed(error, isGivenUp);
  }

  delayed(): void {
    for (const sending of this.#sendings) sending.delayed?.();
  }

  superseded(): void {
    this.#sendings.at(-1)!.superseded?.();
  }
}
