/**
 * Sends the calls that applications make. Calls of one lane (their destination chat) go out one after another, in the order in
 * which they were made. Lanes do not wait for one another, unless the limiter makes them.
 *
 *   call:  posted -- the turn in which it was made is recorded --> in its lane
 *   lane:  free -- a call --> busy -- answered or given up --> busy with the next call, or free
 *                             busy -- to be repeated --> paused -- the wait is over --> busy with the same call
 *                             busy -- the limiter says wait --> paused -- the wait is over --> busy with the same call
 *
 * Of two waiting calls with the same `coalesce`, the older leaves the lane: its caller gets the newer's outcome. The newer keeps
 * its own place, behind all that was called before it. So the calls that go out keep their order: an edit overtakes no message, and
 * nothing overtakes the edit. If the older one is the call that waits to be repeated, the lane's next call takes over its wait.
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
  /** Telegram makes the call wait, or a call before it. May be called again. */
  delayed?(): void;
  /** The call is not made: a newer one is, whose outcome follows. */
  superseded?(): void;
}

/** A call that waits for its time. */
interface Pause {
  job: Job;
  attempt: number;
  /** Telegram told it to wait, or the limiter did. */
  readonly isDelay: boolean;
  readonly stop: () => void;
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
  /** Calls that wait for their time, by lane; a call without a lane by itself. */
  readonly #paused = new Map<string | Job, Pause>();
  #closed = false;
  #pending = 0;
  #whenIdle: PromiseWithResolvers<void> | undefined;

  constructor({ request, judge, limiter = new Limiter(), wait = waitWithTimer }: OutboxOptions) {
    this.#request = request;
    this.#judge = judge;
    this.#limiter = limiter;
    this.#wait = wait;
  }

  /** Number of calls without an answer. Calls of which only the newest is made count as one. */
  get pending(): number {
    return this.#pending;
  }

  /** Number of calls that wait for their time. */
  get paused(): number {
    return this.#paused.size;
  }

  /** True if a call to this lane would have to wait for its time. */
  isPaused(lane: string): boolean {
    return this.#paused.has(lane) || this.#limiter.isShut;
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
    for (const { job, stop } of this.#paused.values()) {
      stop();
      this.#giveUp(job, neverSent(job));
    }
    this.#paused.clear();
  }

  #send(jobs: readonly Job[]): void {
    for (const job of jobs) {
      const { lane } = job.call;
      const line = lane === undefined ? undefined : this.#lanes.get(lane);
      if (line !== undefined) this.#join(line, job);
      else {
        if (lane !== undefined) this.#lanes.set(lane, []);
        this.#attempt(job, 1);
      }
    }
  }

  #join(line: Job[], job: Job): void {
    const pause = this.#paused.get(job.call.lane!);
    if (pause?.isDelay) job.delayed?.();
    const stale = placeOf(job.call.coalesce, line);
    line.push(stale === -1 ? job : this.#merge(line.splice(stale, 1)[0]!, job));
    if (pause !== undefined) this.#withoutStale(pause, line);
  }

  /** The paused call is not made if a newer one waits in its line. */
  #withoutStale(pause: Pause, line: Job[]): void {
    const newer = placeOf(pause.job.call.coalesce, line);
    if (newer === -1) return;
    line[newer] = this.#merge(pause.job, line[newer]!);
    pause.job = line.shift()!;
    // Calls that replace one another count their attempts together, or a stream of them would never back off.
    if (pause.job.call.coalesce === undefined) pause.attempt = 1;
  }

  #merge(older: Job, newer: Job): Job {
    this.#pending -= 1;
    older.superseded?.();
    return new Merged(older, newer);
  }

  /** Makes the call, or waits for the limiter first. */
  #attempt(job: Job, attempt: number): void {
    if (this.#closed) return this.#giveUp(job, neverSent(job));
    const wait = job.call.lane === undefined ? 0 : this.#limiter.turn();
    if (wait > 0) this.#pause(job, attempt, wait, true, (next, times) => this.#takeTurn(next, times));
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
        return this.#pause(job, attempt + 1, verdict.after, verdict.refused === true, (next, times) =>
          this.#attempt(next, times),
        );
      case "redirect": {
        const redirected = redirect(job, verdict.chat_id);
        return redirected === undefined ? this.#giveUp(job, error) : this.#attempt(redirected, attempt + 1);
      }
      case "accept":
        job.succeeded(verdict.answer);
        return this.#next(lane);
      case "reject":
        return this.#giveUp(job, verdict.error ?? error);
    }
  }

  #pause(
    job: Job,
    attempt: number,
    milliseconds: number,
    isDelay: boolean,
    then: (job: Job, attempt: number) => void,
  ): void {
    const { lane } = job.call;
    const key = lane ?? job;
    const stop = this.#wait(milliseconds, () => {
      this.#paused.delete(key);
      then(pause.job, pause.attempt);
    });
    const pause: Pause = { job, attempt, isDelay, stop };
    this.#paused.set(key, pause);
    const line = lane === undefined ? [] : this.#lanes.get(lane)!;
    this.#withoutStale(pause, line);
    if (isDelay) for (const one of [pause.job, ...line]) one.delayed?.();
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

/** Calls of which only the newest is made: all get its outcome. */
class Merged implements Job {
  readonly call: Call;
  /** The oldest first. */
  readonly #jobs: Job[];

  constructor(older: Job, newer: Job) {
    this.call = newer.call;
    this.#jobs = older instanceof Merged ? older.#jobs : [older];
    this.#jobs.push(newer);
  }

  succeeded(answer: Answer): void {
    for (const job of this.#jobs) job.succeeded(answer);
  }

  failed(error: unknown): void {
    for (const job of this.#jobs) job.failed(error);
  }

  delayed(): void {
    for (const job of this.#jobs) job.delayed?.();
  }

  superseded(): void {
    this.#jobs.at(-1)!.superseded?.();
  }
}

/** Place of the waiting call with that key; -1 if there is none. */
function placeOf(coalesce: string | undefined, line: readonly Job[]): number {
  return coalesce === undefined ? -1 : line.findIndex(({ call }) => call.coalesce === coalesce);
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
  return {
    call,
    succeeded: (answer) => job.succeeded(answer),
    failed: (error) => job.failed(error),
    delayed: () => job.delayed?.(),
    superseded: () => job.superseded?.(),
  };
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
