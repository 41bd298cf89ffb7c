/** The bot's calls of the Bot API, for tests. */

import { now } from "./real-time.ts";

export interface RecordedCall {
  /** Spelt as by the caller. */
  method: string;
  /** As values, however the caller encodes them: numbers, objects. A file is `{ name, type, size }`. A malformed value is as it came. */
  parameters: Record<string, unknown>;
  /** The simulator's time: milliseconds since 1970. */
  time: number;
  /** The HTTP status of the answer; 499 if the caller closed the connection before it. Absent while there is none. */
  status?: number;
  /** Milliseconds until the answer. Absent while there is none. */
  duration?: number;
  /** The result of a call that succeeded, but not the updates of getUpdates. */
  result?: unknown;
  /** The error of a call that was refused: `Bad Request: chat not found`. */
  error?: string;
  /** The fault that hit the call. */
  fault?: object;
}

export type CallObserver = (call: RecordedCall) => void;

export class CallLog {
  #calls: RecordedCall[] = [];
  readonly #limit: number;
  /** Calls without an answer, with the real time at which they came. */
  readonly #open = new Map<RecordedCall, number>();
  readonly #observers = new Set<CallObserver>();
  readonly #endObservers = new Set<CallObserver>();
  readonly #numbers = new WeakMap<RecordedCall, number>();
  #dropped = 0;

  /** @param limit at least this many calls are kept; 0 keeps none */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get calls(): readonly RecordedCall[] {
    return this.#calls;
  }

  /** Calls up to now, those included that are kept no longer. */
  get count(): number {
    return this.#dropped + this.#calls.length;
  }

  /** The place of a call in the log, from 1. */
  numberOf(call: RecordedCall): number {
    return this.#numbers.get(call)!;
  }

  /** Calls without an answer. */
  get open(): RecordedCall[] {
    return [...this.#open.keys()];
  }

  /** The kept calls after the first `count`. */
  after(count: number): readonly RecordedCall[] {
    return this.#calls.slice(Math.max(0, count - this.#dropped));
  }

  /** A call has come. */
  begin(call: RecordedCall): void {
    this.#open.set(call, now());
    if (this.#limit > 0) this.#calls.push(call);
    this.#numbers.set(call, this.count);
    if (this.#calls.length > 2 * this.#limit) {
      this.#dropped += this.#calls.length - this.#limit;
      this.#calls = this.#calls.slice(-this.#limit);
    }
    for (const observer of this.#observers) observer(call);
  }

  /** A call is answered, or its caller has gone. A call ends once. */
  end(call: RecordedCall, status: number): void {
    const began = this.#open.get(call);
    if (began === undefined) return;
    this.#open.delete(call);
    call.status = status;
    call.duration = now() - began;
    for (const observer of this.#endObservers) observer(call);
  }

  /** Calls `observer` for every call from now on, before it is carried out, until the returned function is called. */
  observe(observer: CallObserver): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** Calls `observer` for every call that ends from now on, until the returned function is called. */
  observeEnds(observer: CallObserver): () => void {
    this.#endObservers.add(observer);
    return () => this.#endObservers.delete(observer);
  }
}
