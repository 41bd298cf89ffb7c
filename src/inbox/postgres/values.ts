/** The statements about stored values, for as long as they are kept. */

import type { StoredValue } from "../../protocol/stored-value.ts";
import type { Session } from "./connection.ts";
import { pgText } from "./pg.ts";

/** Old values that are removed at once. */
const PAGE = 1000;

interface KeyedValueRow {
  readonly key: string;
  readonly json: string;
  readonly line: string | null;
  readonly written_at: number;
}

/** @param since values that were written before do not count: milliseconds since 1970 */
export async function readValues(
  session: Session,
  schema: string,
  keys: readonly string[],
  since: number,
): Promise<ReadonlyMap<string, StoredValue>> {
  const { rows } = await session.query<KeyedValueRow>({
    name: "values",
    text: `SELECT key, json, line, written_at FROM ${schema}.stored_value WHERE key = ANY($1::text[])`,
    values: [keys.map(pgText)],
  });
  const kept = new Map(rows.filter(({ written_at }) => written_at >= since).map((row) => [row.key, row]));
  const found = new Map<string, StoredValue>();
  for (const key of keys) {
    const row = kept.get(pgText(key));
    if (row !== undefined) found.set(key, { json: row.json, line: row.line ?? undefined, written_at: row.written_at });
  }
  return found;
}

/** Removes some of the values that were written before a time. */
export async function removeOldValues(session: Session, schema: string, before: number): Promise<void> {
  await session.query({
    text: `
      DELETE FROM ${schema}.stored_value WHERE key IN
        (SELECT key FROM ${schema}.stored_value WHERE written_at < $1 ORDER BY written_at LIMIT ${PAGE})`,
    values: [before],
  });
}
