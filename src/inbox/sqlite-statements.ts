/** The SQL statements of the inbox, prepared once. */

import type { DatabaseSync, StatementSync } from "node:sqlite";

export type Statements = ReturnType<typeof prepareAll>;

export function prepareAll(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    insert: prepare("INSERT INTO event (update_id, body, received_at) VALUES (?, ?, ?)"),
    seen: prepare("SELECT id, first, last, since FROM seen ORDER BY id"),
    remember: prepare("INSERT OR REPLACE INTO seen (id, first, last, since) VALUES (?, ?, ?, ?)"),
    forget: prepare("DELETE FROM seen WHERE id < ?"),
    begin: prepare("UPDATE event SET attempts = attempts + 1, alone = ? WHERE seq = ?"),
    died: prepare("UPDATE event SET deaths = deaths + 1, alone = 0 WHERE seq = ?"),
    orphan: prepare("UPDATE event SET orphaned = orphaned + 1, alone = 0 WHERE alone = 1"),
    withdraw: prepare("UPDATE event SET attempts = attempts - 1, alone = 0 WHERE seq = ?"),
    delete: prepare("DELETE FROM event WHERE seq = ?"),
    settle: prepare("DELETE FROM event WHERE seq BETWEEN ? AND ?"),
    epoch: prepare("SELECT epoch FROM ledger"),
    setEpoch: prepare("UPDATE ledger SET epoch = ?"),
    clear: prepare("DELETE FROM event WHERE received_at < ?"),
    select: prepare(
      "SELECT seq, update_id, attempts, deaths, orphaned, body, received_at FROM event WHERE seq > ? ORDER BY seq",
    ),
    deadLetter: prepare(
      `INSERT INTO dead_letter (update_id, body, attempts, reason, log, received_at, died_at)
       SELECT update_id, body, attempts, ?, ?, received_at, ? FROM event WHERE seq = ?`,
    ),
    deadLetterUnreadable: prepare(
      `INSERT INTO dead_letter (update_id, body, attempts, reason, log, received_at, died_at)
       VALUES (NULL, ?, 0, ?, '', ?, ?)`,
    ),
    trim: prepare(
      "DELETE FROM dead_letter WHERE died_at < ? OR id IN (SELECT id FROM dead_letter ORDER BY id DESC LIMIT -1 OFFSET ?)",
    ),
    read: prepare("SELECT seq, body FROM event WHERE seq = ?"),
    dataVersion: prepare("PRAGMA data_version"),
  };
}
