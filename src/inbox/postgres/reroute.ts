/**
 * Brings an inbox to another `--line`, as reroute.ts of the SQLite inbox does. All servers that share it have the same setting, so
 * it changes while none works.
 */

import type { LineKind } from "../../protocol/route.ts";
import { movedTo, type RoutedRow } from "../reroute.ts";
import { countLiving, otherLine } from "./claim.ts";
import type { Session } from "./connection.ts";
import { beginAlone } from "./transaction.ts";

/** Rows that are in memory at once. */
const PAGE = 1000;

/** @throws InboxError while other servers work with another setting */
export async function reroute(session: Session, schema: string, bot: number, line: LineKind): Promise<void> {
  if ((await readLine(session, schema)) === line) return;
  await session.script(beginAlone(schema));
  // Of servers that start at once the first one does it.
  const before = await readLine(session, schema, "FOR UPDATE");
  if (before !== line) {
    if ((await countLiving(session, schema, "")) > 0) throw otherLine(before, line);
    await rerouteTables(session, schema, bot, line);
  }
  await session.script("COMMIT");
}

/** @param lock with one, no server joins until the end of the transaction */
async function readLine(session: Session, schema: string, lock = ""): Promise<string> {
  const { rows } = await session.query<{ line: string }>({ text: `SELECT line FROM ${schema}.meta ${lock}` });
  return rows[0]!.line;
}

async function rerouteTables(session: Session, schema: string, bot: number, line: LineKind): Promise<void> {
  for (const [table, key] of [
    ["event", "seq"],
    ["dead_letter", "id"],
  ] as const) {
    await rerouteRows(session, `${schema}.${table}`, key, bot, line);
  }
  // A stored value belongs to the line that writes it next.
  await session.script(`UPDATE ${schema}.stored_value SET line = NULL`);
  await session.query({ text: `UPDATE ${schema}.meta SET line = $1`, values: [line] });
}

async function rerouteRows(session: Session, table: string, key: string, bot: number, line: LineKind): Promise<void> {
  for (let after = 0; ; ) {
    const { rows } = await session.query<RoutedRow>({
      text: `SELECT ${key} AS id, line, body FROM ${table} WHERE ${key} > $1 AND line IS NOT NULL ORDER BY ${key} LIMIT ${PAGE}`,
      values: [after],
    });
    const moved = rows.flatMap((row) => {
      const address = movedTo(row, { id: bot }, line);
      return address === undefined ? [] : [{ id: row.id, line: address.line, shard: address.shard }];
    });
    if (moved.length > 0) {
      await session.query({
        text: `
          UPDATE ${table} t SET line = r.line, shard = r.shard
          FROM unnest($1::bigint[], $2::text[], $3::integer[]) AS r(id, line, shard) WHERE t.${key} = r.id`,
        values: [moved.map(({ id }) => id), moved.map((row) => row.line), moved.map(({ shard }) => shard)],
      });
    }
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.id;
  }
}
