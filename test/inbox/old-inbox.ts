/** Inbox files of older formats. */

import { DatabaseSync } from "node:sqlite";
import { APPLICATION_ID } from "../../src/inbox/schema.ts";

export const FORMAT_2 = `
  CREATE TABLE bot (id INTEGER PRIMARY KEY);
  CREATE TABLE event (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    update_id   INTEGER NOT NULL,
    body        TEXT    NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    alone       INTEGER NOT NULL DEFAULT 0,
    deaths      INTEGER NOT NULL DEFAULT 0,
    orphaned    INTEGER NOT NULL DEFAULT 0,
    received_at INTEGER NOT NULL
  );
  CREATE TABLE ledger (epoch INTEGER NOT NULL);
  INSERT INTO ledger VALUES (12345);
  CREATE TABLE seen (id INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, since INTEGER NOT NULL);
  CREATE TABLE dead_letter (
    id          INTEGER PRIMARY KEY,
    update_id   INTEGER,
    body        TEXT    NOT NULL,
    attempts    INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    log         TEXT    NOT NULL,
    received_at INTEGER NOT NULL,
    died_at     INTEGER NOT NULL
  );
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = 2;
`;

export const FORMAT_3 = `
  CREATE TABLE bot (id INTEGER PRIMARY KEY, line TEXT NOT NULL DEFAULT 'chat');
  CREATE TABLE seen (
    id    INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    since INTEGER NOT NULL
  );
  CREATE TABLE ledger (epoch INTEGER NOT NULL);
  INSERT INTO ledger VALUES (12345);
  CREATE TABLE event (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    update_id   INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    line        TEXT    NOT NULL,
    shard       INTEGER NOT NULL,
    chat        INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    alone       INTEGER NOT NULL DEFAULT 0,
    deaths      INTEGER NOT NULL DEFAULT 0,
    orphaned    INTEGER NOT NULL DEFAULT 0,
    received_at INTEGER NOT NULL,
    saved       TEXT,
    body        TEXT    NOT NULL
  );
  CREATE INDEX alone ON event (alone) WHERE alone = 1;
  CREATE TABLE dead_letter (
    id          INTEGER PRIMARY KEY,
    update_id   INTEGER,
    kind        TEXT,
    line        TEXT,
    shard       INTEGER,
    chat        INTEGER,
    hash        TEXT,
    attempts    INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    log         TEXT    NOT NULL,
    received_at INTEGER NOT NULL,
    died_at     INTEGER NOT NULL,
    saved       TEXT,
    body        TEXT    NOT NULL
  );
  CREATE UNIQUE INDEX unreadable ON dead_letter (hash) WHERE hash IS NOT NULL;
  CREATE TABLE call (
    id     INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    method TEXT    NOT NULL,
    lane   TEXT,
    body   TEXT    NOT NULL,
    answer TEXT,
    PRIMARY KEY (id, seq)
  ) WITHOUT ROWID;
  CREATE INDEX call_of_event ON call (seq);
  CREATE TRIGGER event_gone AFTER DELETE ON event BEGIN DELETE FROM call WHERE seq = old.seq; END;
  CREATE TRIGGER dead_letter_gone AFTER DELETE ON dead_letter BEGIN DELETE FROM call WHERE seq = -old.id; END;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = 3;
`;

/** Makes a file of format 2 with events of these bodies, and one dead letter. */
export function makeOldInbox(path: string, bot: number, ...bodies: string[]): void {
  const database = new DatabaseSync(path);
  database.exec(FORMAT_2);
  database.prepare("INSERT INTO bot VALUES (?)").run(bot);
  const insert = database.prepare("INSERT INTO event (update_id, body, received_at) VALUES (?, ?, 0)");
  for (const [i, body] of bodies.entries()) insert.run(10 + i, body);
  database.exec("INSERT INTO dead_letter VALUES (3, 9, '{}', 1, 'it threw', '', 0, 0)");
  database.close();
}
