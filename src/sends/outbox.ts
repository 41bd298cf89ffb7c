/**
 * Sends the calls that applications make. Calls of one lane (their destination chat) go out one after another, in the order in
 * which they were made. Lanes do not wait for one another, unless the limiter makes them.
 *
 *   call:  posted -- the turn in which it was made is recorded --> in its lane
 *   lane:  free -- a call --> busy -- answered or given up --> busy with the next call, or free
 *                             busy -- to be repeated --> paused -- the wait is over --> busy with the same call
 *                             busy -- the limiter says wait --> paused -- the wait is over --> busy with the same call
 */

import { NetworkError } from "../protocol/errors.ts";
import type { Answer, Call } from "../protocol/port.ts";
import type { CallVerdict } from "../protocol/verdict.ts";
import { Limiter } from "./limiter.ts";

export interface OutboxOptions {
  /** Makes the call. */
  request(call: Call): Promise<Answer>;
  /** Decides on a failed call; `attempt` is 1 after its first failure. */
  judge(error: unknown, call: Call, attempt: number): CallVerdict;
  limiter?: Limiter;
  /** Calls `done` after so many milliseconds. @returns cancels the wait */
  wait?(milliseconds: number, done: () => void): () => void;
}

/** A call, and what is done with its outcome. */
export interface Job {
  readonly call: Call;
  succeeded(answer: Answer): void;
  failed(error: unknown): void;
}

const NOTHING = (): void => {};

export class Outbox {
  readonly #request: OutboxOptions["request"];
  readonly #judge: OutboxOptions["judge"];
  readonly #limiter: Limiter;
  readonly #wait: NonNullable<OutboxOptions["wait"]>;
  /** Calls that are not sent yet, by turn; the last turn has not ended. */
  readonly #turns: Job[][] = [[]];
  /** Calls that wait behind the call under way, by lane. A lane that is not here is free. */
  readonly #lanes = new Map<string, Job[]>();
  /** Calls that wait to be made, with the function that cancels the wait. */
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

  /** Number of calls without an answer. */
  get pending(): number {
    return this.#pending;
  }

  /** Number of calls that wait for their time. */
  get paused(): number {
    return this.#paused.size;
  }

  /** Takes a call. It goes out when its turn is sent. */
  post(job: Job): void {
    this.#pending += 1;
    this.#turns.at(-1)!.push(job);
  }

  /** Ends the turn. @returns sends the turn's calls; turns have to be sent in their order */
  takeTurn(): () => void {
    const turn = this.#turns.at(-1)!;
    if (turn.length === 0) return NOTHING;
    this.#turns.push([]);
    return () => {
      this.#turns.splice(this.#turns.indexOf(turn), 1);
      this.#send(turn);
    };
  }

  /** Resolves as soon as nothing is pending. */
  idle(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    this.#whenIdle ??= Promise.withResolvers();
    return this.#whenIdle.promise;
  }

  /** Gives up the calls that wait. Calls under way end when their connections are closed. */
  close(): void {
    this.#closed = true;
    for (const turn of this.#turns) this.#send(turn.splice(0));
    for (const [job, stopWaiting] of this.#paused) {
      stopWaiting();
      this.#giveUp(job, neverSent(job));
    }
    this.#paused.clear();
  }

  #send(jobs: readonly Job[]): void {
    for (const job of jobs) {
      const { lane } = job.call;
      const line = lane === undefined ? undefined : this.#lanes.get(lane);
      if (line !== undefined) line.push(job);
      else {
        if (lane !== undefined) this.#lanes.set(lane, []);
        this.#attempt(job, 1);
      }
    }
  }

  /** Makes the call, or waits for the limiter first. */
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
    const verdict: CallVerdict = this.#closed ? { action: "reject" } : this.#judge(error, job.call, attempt);
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

  /** The call at the head of the lane is over. */
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
      // Not one by one through #attempt: a lane may be longer than the stack is deep.
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

/** Lowest id of a basic group. Only basic groups become other chats: https://core.telegram.org/bots/api#responseparameters */
const LOWEST_GROUP = -999_999_999_999;

/**
 * The same call to another chat, still in its old lane. Undefined if the call does not go to a group, or names another group that
 * may be the one that moved: a refusal is better than a message in the wrong chat.
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
