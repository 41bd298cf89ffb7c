/** The bot's calls of the Bot API, for tests. */

export interface RecordedCall {
  method: string;
  /** As received, with a file's size in place of its bytes. */
  parameters: Record<string, unknown>;
  /** Milliseconds since 1970. */
  time: number;
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

  add(method: string, raw: Readonly<Record<string, unknown>>, time: number): void {
    if (this.#limit === 0 && this.#observers.size === 0) return;
    const parameters = Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, withoutBytes(value)]));
    const call = { method, parameters, time };
    if (this.#limit > 0) this.#calls.push(call);
    if (this.#calls.length > 2 * this.#limit) this.#calls = this.#calls.slice(-this.#limit);
    for (const observer of this.#observers) observer(call);
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
