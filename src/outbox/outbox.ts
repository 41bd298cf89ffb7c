/**
 * The way out: every call that applications make. Calls with the same lane (their destination chat) go out one after
 * another, in the order in which they were made; lanes do not wait for one another.
 *
 *   lane:  (none) -- post() --> busy -- answered --> next in line, or (none)
 *                               busy -- to be repeated --> paused -- time is up --> busy with the same call
 */

import type { Call } from "../protocol/port.ts";

export type OutboxVerdict = { then: "again"; after: number } | { then: "reject" };

export interface OutboxOptions {
  /** Makes the call and resolves with the answer as text. */
  request(call: Call, signal: AbortSignal): Promise<string>;
  judge(error: unknown, method: string, attempt: number): OutboxVerdict;
  /** What to wait with: setTimeout, but for tests. */
  wait?(milliseconds: number, done: () => void): void;
}

/** A call on its way, and whom to tell how it went. */
export interface Job {
  call: Call;
  succeeded(answer: string): void;
  failed(error: unknown): void;
}

export class Outbox {
  readonly #request: OutboxOptions["request"];
  readonly #judge: OutboxOptions["judge"];
  readonly #wait: NonNullable<OutboxOptions["wait"]>;
  /** The jobs that wait behind the one under way. A lane that is not here is free. */
  readonly #lanes = new Map<string, Job[]>();
  readonly #closed = new AbortController();
  #pending = 0;
  #whenIdle: PromiseWithResolvers<void> | undefined;

  constructor({ request, judge, wait = setTimeout }: OutboxOptions) {
    this.#request = request;
    this.#judge = judge;
    this.#wait = wait;
  }

  /** Calls that have not been answered yet, those in line included. */
  get pending(): number {
    return this.#pending;
  }

  post(job: Job): void {
    this.#pending += 1;
    const { lane } = job.call;
    if (lane !== undefined) {
      const line = this.#lanes.get(lane);
      if (line !== undefined) {
        line.push(job);
        return;
      }
      this.#lanes.set(lane, []);
    }
    void this.#attempt(job, 1);
  }

  /** Resolves as soon as nothing is pending. */
  idle(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    this.#whenIdle ??= Promise.withResolvers();
    return this.#whenIdle.promise;
  }

  /** Aborts what is under way; nothing goes out after this. */
  close(): void {
    this.#closed.abort();
  }

  async #attempt(job: Job, attempt: number): Promise<void> {
    const { call } = job;
    let answer: string;
    try {
      answer = await this.#request(call, this.#closed.signal);
    } catch (error) {
      const verdict: OutboxVerdict = this.#closed.signal.aborted ? { then: "reject" } : this.#judge(error, call.method, attempt);
      if (verdict.then === "again") {
        this.#wait(verdict.after, () => void this.#attempt(job, attempt + 1));
        return;
      }
      job.failed(error);
      this.#done(call.lane);
      return;
    }
    job.succeeded(answer);
    this.#done(call.lane);
  }

  #done(lane: string | undefined): void {
    if (lane !== undefined) {
      const next = this.#lanes.get(lane)?.shift();
      if (next === undefined) this.#lanes.delete(lane);
      else void this.#attempt(next, 1);
    }
    this.#pending -= 1;
    if (this.#pending === 0) {
      this.#whenIdle?.resolve();
      this.#whenIdle = undefined;
    }
  }
}
