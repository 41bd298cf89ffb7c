/** The stored values in the inbox's file, for as long as they are kept. */

import type { StoredValue } from "../protocol/stored-value.ts";
import type { WrittenValue } from "./fact-text.ts";
import type { Statements } from "./sqlite-statements.ts";

/** A row of the statement `value`. */
type ValueRow = [json: string, line: string | null, written_at: number];

/** Values of which sweep() looks at the ages. */
interface Page {
  readonly count: number;
  /** The highest id. */
  readonly last: number | null;
  readonly oldest: number | null;
}

/** Number of values in a page. */
const PAGE = 1000;

export class StoredValues {
  readonly #sql: Statements;
  /** Time for which a value is kept without a write: ms. */
  readonly #age: number;
  /** Id of the last value that sweep() has looked at; 0 after all of them. */
  #swept = 0;

  constructor(sql: Statements, age: number) {
    this.#sql = sql;
    this.#age = age;
  }

  /**
   * Values by their keys.
   * @param written the latest writes, which are not in the file yet
   */
  read(keys: readonly string[], written: ReadonlyMap<string, WrittenValue>): Map<string, StoredValue> {
    const since = Date.now() - this.#age;
    const found = new Map<string, StoredValue>();
    for (const key of keys) {
      const latest = written.get(key);
      const value = latest === undefined ? this.#find(key) : writtenAs(latest);
      if (value !== undefined && value.written_at >= since) found.set(key, value);
    }
    return found;
  }

  /** Writes a value. The caller has begun a transaction, and the value's event is not settled in it yet. */
  write({ key, json, seq, at }: WrittenValue): void {
    const { removeValue, setValue, setValueOutside } = this.#sql;
    if (json === undefined) removeValue.run(key);
    else if (seq === undefined) setValueOutside.run(key, at, json);
    else setValue.run(key, at, json, seq);
  }

  /**
   * Removes old values, of a page with each call: the server's event loop must not wait for a look at all.
   * @param write runs the work in a transaction
   */
  sweep(write: (work: () => void) => void): void {
    if (this.#age === Number.POSITIVE_INFINITY) return;
    const before = Date.now() - this.#age;
    const { count, last, oldest } = this.#sql.pageOfValues.get(this.#swept, PAGE) as unknown as Page;
    if (count > 0 && oldest! < before) write(() => void this.#sql.removeOldValues.run(this.#swept, last, before));
    this.#swept = count === PAGE ? last! : 0;
  }

  #find(key: string): StoredValue | undefined {
    const row = this.#sql.value.get(key) as unknown as ValueRow | undefined;
    return row && { json: row[0], line: row[1] ?? undefined, written_at: row[2] };
  }
}

function writtenAs({ json, line, at }: WrittenValue): StoredValue | undefined {
  return json === undefined ? undefined : { json, line, written_at: at };
}
