/**
 * Brings an inbox to another `--line`. The columns line and shard of all stored events and dead letters follow from their bodies, as
 * those of new updates do. So the events of a line keep the order of their arrival, those from before the change included.
 */

import type { DatabaseSync } from "node:sqlite";
import { type Address, addressOf, type Entity, type LineKind } from "../protocol/route.ts";
import { readUpdate } from "./stored-body.ts";

/** Rows that are in memory at once. */
const PAGE = 1000;

export interface RoutedRow {
  readonly id: number;
  readonly line: string;
  readonly body: string;
}

/** Reads all stored bodies if the inbox was used with another setting, else none. The caller has begun a transaction. */
export function reroute(database: DatabaseSync, line: LineKind): void {
  const { id, line: before } = database.prepare("SELECT id, line FROM bot").get() as { id: number; line: string };
  if (before === line) return;
  rerouteRows(database, "event", "seq", { id }, line);
  rerouteRows(database, "dead_letter", "id", { id }, line);
  // A stored value belongs to the line that writes it next.
  database.exec("UPDATE stored_value SET line = NULL");
  database.prepare("UPDATE bot SET line = ?").run(line);
}

function rerouteRows(database: DatabaseSync, table: string, key: string, bot: Entity, line: LineKind): void {
  const select = database.prepare(
    `SELECT ${key} AS id, line, CAST(body AS TEXT) AS body FROM ${table}
     WHERE ${key} > ? AND line IS NOT NULL ORDER BY ${key} LIMIT ${PAGE}`,
  );
  const update = database.prepare(`UPDATE ${table} SET line = ?, shard = ? WHERE ${key} = ?`);
  const page = (after: number) => select.all(after) as unknown as RoutedRow[];
  for (let rows = page(0); rows.length > 0; rows = page(rows.at(-1)!.id)) {
    for (const row of rows) {
      const moved = movedTo(row, bot, line);
      if (moved !== undefined) update.run(moved.line, moved.shard, row.id);
    }
  }
}

/** The address of a stored event by another setting. Undefined if it stays where it is. */
export function movedTo({ line, body }: Omit<RoutedRow, "id">, bot: Entity, kind: LineKind): Address | undefined {
  const update = readUpdate(body);
  // A damaged event keeps its line: it becomes a dead letter when its turn comes.
  const address = update === undefined ? undefined : addressOf(update, bot, kind);
  return address?.line === line ? undefined : address;
}
