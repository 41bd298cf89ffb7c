/**
 * The way out: every call that applications make. Calls with the same lane (their destination chat) go out one after
 * another, in the order in which they were made; lanes do not wait for one another.
 *
 *   lane:  free -- post() --> busy -- answered or given up --> busy with the next in line, or free
 *                             busy -- to be repeated --> paused -- time is up --> busy with the same call
 */

import { NetworkError } from "../protocol/errors.ts";
import type { Call } from "../protocol/port.ts";

export type OutboxVerdict = { action: "again"; after: number } | { action: "reject" };

export interface OutboxOptions {
  /** Makes the call and resolves with the answer as text. */
  request(call: Call): Promise<string>;
  /** Decides on a failed call; `attempt` is 1 after its first failure. */
  judge(error: unknown, method: string, attempt: number): OutboxVerdict;
  /** What to wait with. Returns how to give the waiting up. */
  wait?(milliseconds: number, done: () => void): () => void;
}

/** A call on its way, and whom to tell how it went. */
export interface Job {
  readonly call: Call;
  succeeded(answer: string): void;
  failed(error: unknown): void;
}

export class Outbox {
  readonly #request: OutboxOptions["request"];
  readonly #judge: OutboxOptions["judge"];
  readonly #wait: NonNullable<OutboxOptions["wait"]>;
  /** What waits behind the call under way, by lane. A lane that is not here is free. */
  readonly #lanes = new Map<string, Job[]>();
  /** Calls that wait to be repeated, and how to stop waiting. */
  readonly #paused = new Map<Job, () => void>();
  #closed = false;
  #pending = 0;
  #whenIdle: PromiseWithResolvers<void> | undefined;

  constructor({ request, judge, wait = waitWithTimer }: OutboxOptions) {
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
    if (lane === undefined) return void this.#attempt(job, 1);
    const line = this.#lanes.get(lane);
    if (line !== undefined) return void line.push(job);
    this.#lanes.set(lane, []);
    void this.#attempt(job, 1);
  }

  /** Resolves as soon as nothing is pending. */
  idle(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    this.#whenIdle ??= Promise.withResolvers();
    return this.#whenIdle.promise;
  }

  /** Gives up what waits; what is under way is for whoever closes the connections. */
  close(): void {
    this.#closed = true;
    for (const [job, stopWaiting] of this.#paused) {
      stopWaiting();
      this.#giveUp(job, neverSent(job));
    }
    this.#paused.clear();
  }

  async #attempt(job: Job, attempt: number): Promise<void> {
    if (this.#closed) return this.#giveUp(job, neverSent(job));
    let answer: string;
    try {
      answer = await this.#request(job.call);
    } catch (error) {
      return this.#failed(job, error, attempt);
    }
    job.succeeded(answer);
    this.#next(job.call.lane);
  }

  #failed(job: Job, error: unknown, attempt: number): void {
    const verdict = this.#closed ? REJECT : this.#judge(error, job.call.method, attempt);
    if (verdict.action === "reject") return this.#giveUp(job, error);
    const again = () => {
      this.#paused.delete(job);
      void this.#attempt(job, attempt + 1);
    };
    this.#paused.set(job, this.#wait(verdict.after, again));
  }

  #giveUp(job: Job, error: unknown): void {
    job.failed(error);
    this.#next(job.call.lane);
  }

  /** The job at the head of the lane is over. */
  #next(lane: string | undefined): void {
    if (lane !== undefined) this.#advance(lane);
    this.#pending -= 1;
    if (this.#pending > 0) return;
    this.#whenIdle?.resolve();
    this.#whenIdle = undefined;
  }

  #advance(lane: string): void {
    const line = this.#lanes.get(lane)!;
    if (this.#closed) {
      // Here, and not one by one through #attempt: a lane may be longer than the stack is deep.
      for (const job of line.splice(0)) {
        this.#pending -= 1;
        job.failed(neverSent(job));
      }
    }
    const next = line.shift();
    if (next === undefined) this.#lanes.delete(lane);
    else void this.#attempt(next, 1);
  }
}

const REJECT = { action: "reject" } as const;

function neverSent({ call }: Job): NetworkError {
  return new NetworkError(call.method, "none", "the server is stopping");
}

function waitWithTimer(milliseconds: number, done: () => void): () => void {
  const timer = setTimeout(done, milliseconds);
  return () => clearTimeout(timer);
}
