/**
 * Sends the calls that applications make. Calls of one lane (their destination chat) go out one after another, in the order in
 * which they were made. Lanes do not wait for one another, unless the limiter makes them.
 *
 *   call:  posted -- the turn in which it was made is recorded --> in its lane
 *   lane:  free -- a call --> busy -- answered or given up --> busy with the next call, or free
 *                             busy -- to be repeated --> paused -- the wait is over --> busy with the same call
 *                             busy -- the limiter says wait --> in line -- its turn has come --> busy with the same call
 *
 * Of two waiting calls with the same `coalesce`, the older leaves the lane: its caller gets the newer's outcome. The newer keeps
 * its own place, behind all that was called before it. So the calls that go out keep their order: an edit overtakes no message, and
 * nothing overtakes the edit. If the older one is the call that waits to be repeated, the lane's next call takes over its wait.
 *
 * The file is longer than others because a lane, its paused call and its place in line change together.
 */

import { NetworkError, TelegramError } from "../protocol/errors.ts";
import type { Answer, Call } from "../protocol/port.ts";
import type { CallVerdict } from "../protocol/verdict.ts";
import { Limiter } from "./limiter.ts";
import type { LongWaits } from "./long-waits.ts";
import { redirect } from "./redirect.ts";
import { Merged, type Sending } from "./sending.ts";
import { type Wait, WaitingLine } from "./waiting-line.ts";

export interface OutboxOptions {
  /** Makes the call. */
  request(call: Call): Promise<Answer>;
  /** Decides on a failed call; `attempt` is 1 after its first failure. */
  judge(error: unknown, call: Call, attempt: number): CallVerdict;
  /** A call is answered. Does the work, which sends the one behind it in its lane, when the answer is on record. */
  onNext?(work: () => void): void;
  limiter?: Limiter;
  longWaits?: Pick<LongWaits, "refused" | "over">;
  wait?: Wait;
}

/** A call that waits for its time. */
interface Pause {
  sending: Sending;
  attempt: number;
  /** Telegram told it to wait, or the limiter did. */
  readonly isDelay: boolean;
  stop(): void;
}

const NOTHING = (): void => {};
const NO_LONG_WAITS = { refused: NOTHING, over: NOTHING };

export class Outbox {
  readonly #request: OutboxOptions["request"];
  readonly #judge: OutboxOptions["judge"];
  readonly #onNext: NonNullable<OutboxOptions["onNext"]>;
  readonly #limiter: Limiter;
  readonly #longWaits: NonNullable<OutboxOptions["longWaits"]>;
  readonly #wait: Wait;
  /** Lanes that wait for the limiter. */
  readonly #line: WaitingLine<Pause>;
  /** Calls that are not sent yet, by turn; the last turn has not ended. */
  readonly #turns: Sending[][] = [[]];
  /** Calls that wait behind the call under way, by lane. A lane that is not here is free. */
  readonly #lanes = new Map<string, Sending[]>();
  /** Calls that wait for their time, by lane; a call without a lane by itself. */
  readonly #paused = new Map<string | Sending, Pause>();
  /** Calls whose turn came after stop(). */
  readonly #left: Sending[] = [];
  #state: "open" | "stopped" | "closed" = "open";
  #pending = 0;
  #whenIdle: PromiseWithResolvers<void> | undefined;

  constructor(options: OutboxOptions) {
    const { request, judge, onNext = (work) => work(), limiter = new Limiter() } = options;
    const { longWaits = NO_LONG_WAITS, wait = waitWithTimer } = options;
    this.#request = request;
    this.#judge = judge;
    this.#onNext = onNext;
    this.#limiter = limiter;
    this.#longWaits = longWaits;
    this.#wait = wait;
    this.#line = new WaitingLine({ limiter, wait, go: (pause) => this.#go(pause) });
  }

  /** Number of calls without an answer. Calls of which only the newest is made count as one. */
  get pending(): number {
    return this.#pending;
  }

  /** Number of calls that wait for their time. */
  get paused(): number {
    return this.#paused.size;
  }

  /** Calls that would go out in a second if the limiter let them: as many as did, and those that wait for it. */
  get demand(): number {
    return this.#limiter.succeeded + this.#line.size;
  }

  /** Changes the limit over all lanes: calls in a second. */
  restrict(rate: number): void {
    this.#limiter.restrict(rate);
    this.#line.advance();
  }

  /** True if a call to this lane would have to wait for its time. */
  isPaused(lane: string): boolean {
    return this.#paused.has(lane) || this.#limiter.isShut;
  }

  /** Takes a call. It goes out when its turn is sent. */
  post(sending: Sending): void {
    this.#pending += 1;
    this.#turns.at(-1)!.push(sending);
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

  /** From now on no call goes out. Calls under way end with their answers, or when their connections are closed. */
  stop(): void {
    this.#state = "stopped";
  }

  /** Gives up all calls that wait. */
  close(): void {
    this.#state = "closed";
    for (const { stop } of this.#paused.values()) stop();
    const heads = [...[...this.#paused.values()].map(({ sending }) => sending), ...this.#left.splice(0)];
    const lines = [...this.#lanes.values(), ...this.#turns].map((line) => line.splice(0));
    this.#paused.clear();
    // The other lanes end with their calls under way.
    for (const { call } of heads) this.#lanes.delete(call.lane ?? "");
    const sendings = [heads, ...lines].flat();
    // One error a method: a hundred thousand take half a second.
    for (const group of Map.groupBy(sendings, ({ call }) => call.method).values()) {
      const error = neverSent(group[0]!);
      for (const sending of group) sending.failed(error, true);
    }
    this.#over(sendings.length);
  }

  #send(sendings: readonly Sending[]): void {
    for (const sending of sendings) {
      const { lane } = sending.call;
      const line = lane === undefined ? undefined : this.#lanes.get(lane);
      if (line !== undefined) this.#join(line, sending);
      else {
        if (lane !== undefined) this.#lanes.set(lane, []);
        this.#attempt(sending, 1);
      }
    }
  }

  #join(line: Sending[], sending: Sending): void {
    const pause = this.#paused.get(sending.call.lane!);
    if (pause?.isDelay) sending.delayed?.();
    const stale = indexOfCall(sending.call.coalesce, line);
    line.push(stale === -1 ? sending : this.#merge(line.splice(stale, 1)[0]!, sending));
    if (pause === undefined) return;
    this.#withoutStale(pause, line);
    if (!sending.isBulk) this.#line.promote(pause);
  }

  /** The paused call is not made if a newer one waits in its line. */
  #withoutStale(pause: Pause, line: Sending[]): void {
    const newer = indexOfCall(pause.sending.call.coalesce, line);
    if (newer === -1) return;
    line[newer] = this.#merge(pause.sending, line[newer]!);
    pause.sending = line.shift()!;
    // Calls that replace one another count their attempts together, or a stream of them would never back off.
    if (pause.sending.call.coalesce === undefined) pause.attempt = 1;
  }

  #merge(older: Sending, newer: Sending): Sending {
    this.#pending -= 1;
    older.superseded?.();
    return new Merged(older, newer);
  }

  /** Makes the call, or waits for the limiter first. */
  #attempt(sending: Sending, attempt: number): void {
    if (this.#state !== "open") return this.#leave(sending);
    const { lane } = sending.call;
    if (lane === undefined || this.#line.pass(sending)) this.#make(sending, attempt);
    else this.#queue(lane, sending, attempt);
  }

  #make(sending: Sending, attempt: number): void {
    this.#request(sending.call).then(
      (answer) => {
        const { lane } = sending.call;
        sending.succeeded(answer);
        if (lane !== undefined) this.#limiter.passed(lane);
        this.#next(lane);
        if (lane !== undefined) this.#line.answered(sending);
      },
      (error) => {
        this.#failed(sending, error, attempt);
        if (sending.call.lane !== undefined) this.#line.answered(sending);
      },
    );
  }

  #failed(sending: Sending, error: unknown, attempt: number): void {
    const verdict: CallVerdict =
      this.#state !== "open" ? { action: "reject" } : this.#judge(error, sending.call, attempt);
    const { lane } = sending.call;
    if (lane !== undefined && isAnswer(error)) this.#limiter.passed(lane);
    switch (verdict.action) {
      case "again":
        if (verdict.refused && lane !== undefined) this.#refused(lane, verdict.after);
        return this.#pause(sending, attempt + 1, verdict.after, verdict.refused === true);
      case "redirect": {
        const redirected = redirect(sending, verdict.chat_id);
        return redirected === undefined ? this.#giveUp(sending, error) : this.#attempt(redirected, attempt + 1);
      }
      case "accept":
        sending.succeeded(verdict.answer);
        return this.#next(lane);
      case "reject":
        return this.#giveUp(sending, verdict.error ?? error);
    }
  }

  #refused(lane: string, wait: number): void {
    this.#limiter.refused(lane);
    this.#longWaits.refused(lane, wait);
  }

  /** Waits for so many milliseconds. */
  #pause(sending: Sending, attempt: number, milliseconds: number, isDelay: boolean): void {
    const { lane } = sending.call;
    const pause: Pause = { sending, attempt, isDelay, stop: NOTHING };
    this.#paused.set(lane ?? sending, pause);
    pause.stop = this.#wait(milliseconds, () => {
      this.#paused.delete(lane ?? sending);
      this.#attempt(pause.sending, pause.attempt);
    });
    this.#begin(pause, lane === undefined ? [] : this.#lanes.get(lane)!);
  }

  /** Waits for the limiter. */
  #queue(lane: string, sending: Sending, attempt: number): void {
    const pause: Pause = { sending, attempt, isDelay: true, stop: () => this.#line.delete(pause) };
    const line = this.#lanes.get(lane)!;
    this.#paused.set(lane, pause);
    this.#begin(pause, line);
    // A call that is no bulk must not wait for one before it in its lane.
    this.#line.add(
      pause,
      [pause.sending, ...line].every(({ isBulk }) => isBulk),
    );
  }

  #begin(pause: Pause, line: Sending[]): void {
    this.#withoutStale(pause, line);
    if (pause.isDelay) for (const one of [pause.sending, ...line]) one.delayed?.();
  }

  /** Its turn has come. */
  #go({ sending, attempt }: Pause): void {
    this.#paused.delete(sending.call.lane!);
    if (this.#state === "open") this.#make(sending, attempt);
    else this.#leave(sending);
  }

  /** The call does not go out any more. */
  #leave(sending: Sending): void {
    if (this.#state === "closed") this.#giveUp(sending, neverSent(sending));
    else this.#left.push(sending);
  }

  #giveUp(sending: Sending, error: unknown): void {
    sending.failed(error, this.#state !== "open");
    this.#next(sending.call.lane);
  }

  /** The call at the head of the lane is over. */
  #next(lane: string | undefined): void {
    if (lane !== undefined) this.#advance(lane);
    this.#over(1);
  }

  #over(calls: number): void {
    this.#pending -= calls;
    if (this.#pending > 0) return;
    this.#whenIdle?.resolve();
    this.#whenIdle = undefined;
  }

  #advance(lane: string): void {
    this.#longWaits.over(lane);
    if (this.#lanes.get(lane)!.length === 0) this.#lanes.delete(lane);
    else this.#onNext(() => this.#sendNext(lane));
  }

  #sendNext(lane: string): void {
    const next = this.#lanes.get(lane)!.shift();
    // close() has given up the lane's calls meanwhile.
    if (next === undefined) this.#lanes.delete(lane);
    else this.#attempt(next, 1);
  }
}

/** Index of the waiting call with that key; -1 if there is none. */
function indexOfCall(coalesce: string | undefined, line: readonly Sending[]): number {
  return coalesce === undefined ? -1 : line.findIndex(({ call }) => call.coalesce === coalesce);
}

/** True if Telegram took the call, also if it then refused it for what it asks. */
function isAnswer(error: unknown): boolean {
  return error instanceof TelegramError && error.error_code !== 429;
}

function neverSent({ call }: Sending): NetworkError {
  return new NetworkError(call.method, "none", "the server is stopping");
}

function waitWithTimer(milliseconds: number, done: () => void): () => void {
  const timer = setTimeout(done, milliseconds);
  return () => clearTimeout(timer);
}
