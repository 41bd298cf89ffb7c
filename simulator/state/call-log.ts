/** The bot's calls of the Bot API, for tests. */

export interface RecordedCall {
  method: string;
  /** As received, with a file's size in place of its bytes. */
  parameters: Record<string, unknown>;
  /** Milliseconds since 1970. */
  time: number;
  /** The HTTP status of the answer. Undefined while there is none. */
  status?: number;
  /** The result of a call that succeeded, but not the updates of getUpdates. */
  result?: unknown;
  /** The error of a call that was refused: `Bad Request: chat not found`. */
  error?: string;
  /** The fault that hit the call. */
  fault?: object;
}

export class CallLog {
  #calls: RecordedCall[] = [];
  readonly #limit: number;
  readonly #observers = new Set<(call: RecordedCall) => void>();

  /** @param limit at least this many calls are kept; 0 keeps none */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get calls(): readonly RecordedCall[] {
    return this.#calls;
  }

  /** The call in the log; undefined if there is none. */
  add(method: string, raw: Readonly<Record<string, unknown>>, time: number): RecordedCall | undefined {
    if (this.#limit === 0 && this.#observers.size === 0) return undefined;
    const parameters = Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, withoutBytes(value)]));
    const call: RecordedCall = { method, parameters, time };
    if (this.#limit > 0) this.#calls.push(call);
    if (this.#calls.length > 2 * this.#limit) this.#calls = this.#calls.slice(-this.#limit);
    for (const observer of this.#observers) observer(call);
    return call;
  }

  /** Calls `observer` for every call from now on, until the returned function is called. */
  observe(observer: (call: RecordedCall) => void): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }
}

function withoutBytes(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("bytes" in value)) return value;
  const { bytes, ...rest } = value;
  return bytes instanceof Uint8Array ? { ...rest, size: bytes.length } : value;
}
