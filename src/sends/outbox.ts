/**
 * The way out: every call that applications make. Calls with the same lane (their destination chat) go out one after
 * another, in the order in which they were made; lanes do not wait for one another, unless the limiter makes them.
 *
 *   lane:  free -- post() --> busy -- answered or given up --> busy with the next in line, or free
 *                             busy -- to be repeated --> paused -- time is up --> busy with the same call
 *                             busy -- not its turn (limiter.ts) --> paused -- its turn --> busy with the same call
 */

import { NetworkError } from "../protocol/errors.ts";
import type { Answer, Call } from "../protocol/port.ts";
import { Limiter } from "./limiter.ts";

export type OutboxVerdict =
  /** `refused`: Telegram has had too much, and this is how long it wants to be left alone. */
  | { action: "again"; after: number; refused?: true }
  /** The chat has become another one. */
  | { action: "redirect"; chat_id: number }
  /** `error`: what to say instead of what went wrong. */
  | { action: "reject"; error?: Error };

export interface OutboxOptions {
  /** Makes the call. */
  request(call: Call): Promise<Answer>;
  /** Decides on a failed call; `attempt` is 1 after its first failure. */
  judge(error: unknown, call: Call, attempt: number): OutboxVerdict;
  limiter?: Limiter;
  /** What to wait with. Returns how to give the waiting up. */
  wait?(milliseconds: number, done: () => void): () => void;
}

/** A call on its way, and whom to tell how it went. */
export interface Job {
  readonly call: Call;
  succeeded(answer: Answer): void;
  failed(error: unknown): void;
}

export class Outbox {
  readonly #request: OutboxOptions["request"];
  readonly #judge: OutboxOptions["judge"];
  readonly #limiter: Limiter;
  readonly #wait: NonNullable<OutboxOptions["wait"]>;
  /** What waits behind the call under way, by lane. A lane that is not here is free. */
  readonly #lanes = new Map<string, Job[]>();
  /** Calls that wait to be repeated, and how to stop waiting. */
  readonly #paused = new Map<Job, () => void>();
  #closed = false;
  #pending = 0;
  #whenIdle: PromiseWithResolvers<void> | undefined;

  constructor({ request, judge, limiter = new Limiter(), wait = waitWithTimer }: OutboxOptions) {
    this.#request = request;
    this.#judge = judge;
    this.#limiter = limiter;
    this.#wait = wait;
  }

  /** Calls that have not been answered yet, those in line included. */
  get pending(): number {
    return this.#pending;
  }

  /** Of these, calls that wait until they are made or made again. */
  get paused(): number {
    return this.#paused.size;
  }

  post(job: Job): void {
    this.#pending += 1;
    const { lane } = job.call;
    if (lane === undefined) return this.#attempt(job, 1);
    const line = this.#lanes.get(lane);
    if (line !== undefined) return void line.push(job);
    this.#lanes.set(lane, []);
    this.#attempt(job, 1);
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

  /** Waits for its turn if there is any need to. */
  #attempt(job: Job, attempt: number): void {
    if (this.#closed) return this.#giveUp(job, neverSent(job));
    const wait = job.call.lane === undefined ? 0 : this.#limiter.turn();
    if (wait > 0) this.#pause(job, wait, () => this.#takeTurn(job, attempt));
    else this.#make(job, attempt);
  }

  #takeTurn(job: Job, attempt: number): void {
    if (this.#limiter.isShut) this.#attempt(job, attempt);
    else this.#make(job, attempt);
  }

  #make(job: Job, attempt: number): void {
    this.#request(job.call).then(
      (answer) => {
        job.succeeded(answer);
        this.#next(job.call.lane);
      },
      (error) => this.#failed(job, error, attempt),
    );
  }

  #failed(job: Job, error: unknown, attempt: number): void {
    const verdict: OutboxVerdict = this.#closed ? { action: "reject" } : this.#judge(error, job.call, attempt);
    const { lane } = job.call;
    switch (verdict.action) {
      case "again":
        if (verdict.refused && lane !== undefined) this.#limiter.refused(lane, verdict.after);
        return this.#pause(job, verdict.after, () => this.#attempt(job, attempt + 1));
      case "redirect": {
        const redirected = redirect(job, verdict.chat_id);
        return redirected === undefined ? this.#giveUp(job, error) : this.#attempt(redirected, attempt + 1);
      }
      case "reject":
        return this.#giveUp(job, verdict.error ?? error);
    }
  }

  #pause(job: Job, milliseconds: number, then: () => void): void {
    const stopWaiting = this.#wait(milliseconds, () => {
      this.#paused.delete(job);
      then();
    });
    this.#paused.set(job, stopWaiting);
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
    else this.#attempt(next, 1);
  }
}

/** The ids of basic groups, which alone become other chats: https://core.telegram.org/bots/api#responseparameters */
const LOWEST_GROUP = -999_999_999_999;

/**
 * The same call to another chat, still in its old lane. Undefined where it is not its destination that has moved, or where that
 * cannot be told from another group that it names: better refused than sent to the wrong one.
 */
function redirect(job: Job, chat_id: number): Job | undefined {
  const parameters = JSON.parse(job.call.body) as {
    chat_id?: unknown;
    from_chat_id?: unknown;
    reply_parameters?: { chat_id?: unknown };
  };
  const others = [parameters.from_chat_id, parameters.reply_parameters?.chat_id];
  if (!isGroup(parameters.chat_id) || others.some(isGroup)) return undefined;
  const call = { ...job.call, body: JSON.stringify({ ...parameters, chat_id }) };
  return { call, succeeded: (answer) => job.succeeded(answer), failed: (error) => job.failed(error) };
}

function isGroup(id: unknown): boolean {
  return Number(id) < 0 && Number(id) >= LOWEST_GROUP;
}

function neverSent({ call }: Job): NetworkError {
  return new NetworkError(call.method, "none", "the server is stopping");
}

function waitWithTimer(milliseconds: number, done: () => void): () => void {
  const timer = setTimeout(done, milliseconds);
  return () => clearTimeout(timer);
}
