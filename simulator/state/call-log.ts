/** The bot's calls of the Bot API, for tests. */

import { now } from "./real-time.ts";

/** Telegram's error reply. */
export interface CallError {
  error_code: number;
  description: string;
  parameters?: { migrate_to_chat_id?: number; retry_after?: number };
}

export interface RecordedCall {
  /** Spelt as by the caller. */
  method: string;
  /** As values, however the caller encodes them: numbers, objects. A file is `{ name, type, size }`. A malformed value is as it came. */
  parameters: Record<string, unknown>;
  /** The simulator's time: milliseconds since 1970. */
  time: number;
  /** Milliseconds until the answer; absent while there is none. */
  duration?: number;
  /** Absent for getUpdates, and for calls that were refused or have no answer yet. */
  result?: unknown;
  /** Why the call was refused. */
  error?: CallError;
}

/** The answer to a call. */
export type Outcome = { readonly result?: unknown; readonly error?: CallError };

export type CallObserver = (call: RecordedCall) => void;

export class CallLog {
  #calls: RecordedCall[] = [];
  readonly #limit: number;
  readonly #open = new Map<RecordedCall, number>();
  readonly #observers = new Set<CallObserver>();
  readonly #endObservers = new Set<CallObserver>();
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
    if (this.#calls.length > 2 * this.#limit) {
      this.#dropped += this.#calls.length - this.#limit;
      this.#calls = this.#calls.slice(-this.#limit);
    }
    for (const observer of this.#observers) observer(call);
  }

  /** A call is answered, or its caller has gone. A call ends once. */
  end(call: RecordedCall, outcome: Outcome): void {
    const began = this.#open.get(call);
    if (began === undefined) return;
    this.#open.delete(call);
    Object.assign(call, { duration: now() - began }, outcome);
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
