/**
 * The stored values that the code of one event has read and written. Its writes go with its settlement: an event that is delivered again,
 * or becomes a dead letter, has written nothing.
 */

import type { StoredValue, StoredWrite } from "../src/protocol/stored-value.ts";

export class EventValues {
  readonly #read = new Map<string, StoredValue | undefined>();
  /** JSON by key; undefined for a value that is removed. */
  readonly #written = new Map<string, string | undefined>();

  /** Remembers a value as it was read. */
  read(key: string, value: StoredValue | undefined): void {
    this.#read.set(key, value);
  }

  hasRead(key: string): boolean {
    return this.#read.has(key);
  }

  write(key: string, json: string | undefined): void {
    this.#written.set(key, json);
  }

  hasWritten(key: string): boolean {
    return this.#written.has(key);
  }

  /** The JSON that was written. */
  written(key: string): string | undefined {
    return this.#written.get(key);
  }

  /** True for a write that changes nothing: the event has read the same value, which was written at that time or later. */
  isNeedless(key: string, json: string | undefined, since: number): boolean {
    if (this.#written.has(key) || !this.#read.has(key)) return false;
    const before = this.#read.get(key);
    return before?.json === json && (before === undefined || before.written_at >= since);
  }

  /**
   * The writes, for the settlement; undefined without any.
   * @param line the scope of the event
   */
  writes(seq: number, line: string): StoredWrite[] | undefined {
    if (this.#written.size === 0) return undefined;
    return Array.from(this.#written, ([key, json]) => ({ key, json, seq, line }));
  }
}
