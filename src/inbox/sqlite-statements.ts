/** The SQL statements of the inbox, prepared once. */

import type { DatabaseSync, StatementSync } from "node:sqlite";

export type Statements = ReturnType<typeof prepareAll>;

/** A value keeps the line and the chat that it was stored for first. */
const REPLACING = `ON CONFLICT (key) DO UPDATE SET written_at = excluded.written_at, json = excluded.json,
       line = coalesce(line, excluded.line), chat = coalesce(chat, excluded.chat)`;

export function prepareAll(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  const arrays = (sql: string): StatementSync => {
    const select = prepare(sql);
    // Half the time of objects, for a million rows.
    select.setReturnArrays(true);
    return select;
  };
  const entries = (limit: string): StatementSync =>
    arrays(
      `SELECT seq, update_id, kind, line, shard, chat, octet_length(body), attempts, deaths, orphaned, received_at, saved
       FROM event WHERE seq > ? ORDER BY seq ${limit}`,
    );
  return {
    insert: prepare(
      "INSERT INTO event (update_id, kind, line, shard, chat, received_at, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ),
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
    lastSeq: prepare("SELECT seq FROM sqlite_sequence WHERE name = 'event'"),
    /** The entries behind a number. */
    entries: entries(""),
    /** Some of them. A limit that is a variable makes SQLite prepare the statement anew each time. */
    page: entries("LIMIT 10000"),
    deadLetter: prepare(
      `INSERT INTO dead_letter (update_id, kind, line, shard, chat, attempts, reason, log, received_at, died_at, saved, body)
       SELECT update_id, kind, line, shard, chat, attempts, ?, ?, received_at, ?, saved, body FROM event WHERE seq = ?`,
    ),
    moveCalls: prepare("UPDATE call SET seq = ? WHERE seq = ?"),
    called: prepare(
      `INSERT OR IGNORE INTO call (id, seq, method, lane, body)
       SELECT ?, seq, ?, ?, ? FROM event WHERE seq = ?`,
    ),
    answered: prepare("UPDATE call SET answer = ? WHERE id = ?"),
    dropped: prepare("DELETE FROM call WHERE id = ? AND (seq = ? OR seq < 0)"),
    saved: prepare("UPDATE event SET saved = ? WHERE seq = ?"),
    calls: prepare("SELECT id, seq, method, lane, body, answer FROM call WHERE seq BETWEEN ? AND ? ORDER BY seq, id"),
    /** The process died: a call that waited behind another one in its lane was never sent. */
    dropUnsent: prepare(
      `DELETE FROM call WHERE answer IS NULL AND lane IS NOT NULL AND id NOT IN
       (SELECT min(id) FROM call WHERE answer IS NULL GROUP BY lane)`,
    ),
    doubt: prepare("UPDATE call SET answer = '' WHERE answer IS NULL"),
    deadLetterUnreadable: prepare(
      `INSERT OR IGNORE INTO dead_letter (hash, attempts, reason, log, received_at, died_at, body)
       VALUES (?, 0, ?, '', ?, ?, ?)`,
    ),
    trimUnreadable: prepare(
      `DELETE FROM dead_letter WHERE id IN
       (SELECT id FROM dead_letter WHERE hash IS NOT NULL ORDER BY id DESC LIMIT -1 OFFSET ?)`,
    ),
    trim: prepare(
      "DELETE FROM dead_letter WHERE died_at < ? OR id IN (SELECT id FROM dead_letter ORDER BY id DESC LIMIT -1 OFFSET ?)",
    ),
    /** Of a JSON array of numbers: one statement takes one lock. */
    read: prepare("SELECT seq, update_id, kind, body FROM event WHERE seq IN (SELECT value FROM json_each(?))"),
    value: arrays("SELECT json, line, written_at FROM stored_value WHERE key = ?"),
    /** The write of an event that is still there: a person may have removed it. */
    setValue: prepare(
      `INSERT INTO stored_value (key, line, chat, written_at, json) SELECT ?, line, chat, ?, ? FROM event WHERE seq = ?
       ${REPLACING}`,
    ),
    setValueOutside: prepare(`INSERT INTO stored_value (key, written_at, json) VALUES (?, ?, ?) ${REPLACING}`),
    removeValue: prepare("DELETE FROM stored_value WHERE key = ?"),
    /** The next values in the order of their ids. */
    pageOfValues: prepare(
      `SELECT count(*) AS count, max(id) AS last, min(written_at) AS oldest FROM
       (SELECT id, written_at FROM stored_value WHERE id > ? ORDER BY id LIMIT ?)`,
    ),
    removeOldValues: prepare("DELETE FROM stored_value WHERE id > ? AND id <= ? AND written_at < ?"),
    dataVersion: prepare("PRAGMA data_version"),
  };
}
