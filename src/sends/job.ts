/** A call in the outbox, and what is done with its outcome. */

import type { Answer, Call } from "../protocol/port.ts";

export interface Job {
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
export class Merged implements Job {
  readonly call: Call;
  readonly isBulk: boolean;
  /** The oldest first. */
  readonly #jobs: Job[];

  constructor(older: Job, newer: Job) {
    this.call = newer.call;
    this.isBulk = older.isBulk === true && newer.isBulk === true;
    this.#jobs = older instanceof Merged ? older.#jobs : [older];
    this.#jobs.push(newer);
  }

  succeeded(answer: Answer): void {
    for (const job of this.#jobs) job.succeeded(answer);
  }

  failed(error: unknown, isGivenUp?: boolean): void {
    for (const job of this.#jobs) job.failed(error, isGivenUp);
  }

  delayed(): void {
    for (const job of this.#jobs) job.delayed?.();
  }

  superseded(): void {
    this.#jobs.at(-1)!.superseded?.();
  }
}
