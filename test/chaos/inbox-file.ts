/** Reads a server's inbox from outside. */

import { DatabaseSync } from "node:sqlite";
import { DeadLetters, type StoredDeadLetter } from "../../src/inbox/dead-letters.ts";

/** Number of events that are not settled. */
export function unsettledIn(path: string): number {
  const [row] = query(path, "SELECT count(*) AS unsettled FROM event") as { unsettled: number }[];
  return row!.unsettled;
}

/** `update_id` of each dead letter. */
export function deadLettersIn(path: string): number[] {
  const rows = query(path, "SELECT update_id FROM dead_letter") as { update_id: number }[];
  return rows.map(({ update_id }) => update_id);
}

export function lettersIn(path: string): StoredDeadLetter[] {
  const letters = new DeadLetters(path);
  try {
    return letters.list();
  } finally {
    letters.close();
  }
}

function query(path: string, sql: string): unknown[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}
