/**
 * The tables of the inbox's file, and the way from each older format to this one.
 *
 * An event has its address in columns, so that a start reads no body. The body is the last column: SQLite then finds the others
 * without it. The index finds the few events that were the only suspect at hand.
 */

import { hash } from "node:crypto";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { type Address, addressOf } from "../protocol/route.ts";
import { readUpdate, UNREADABLE } from "./stored-body.ts";

export const SCHEMA_VERSION = 4;

/** Marks the database as an inbox: "asgi" in ASCII (https://sqlite.org/pragma.html#pragma_application_id). */
export const APPLICATION_ID = 0x61736769;

/** Number of dead letters of input that is no update; the oldest go first. */
export const MOST_UNREADABLE = 100;

const EVENTS = `
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
`;

/** Input that is no update has a hash, and neither an id nor an address. */
const DEAD_LETTERS = `
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
`;

/**
 * The calls of unsettled events, and of dead letters, whose ids stand there as negative numbers. A call of several events has a row for
 * each. It has no answer while it is under way, and an empty one if it may have been carried out.
 */
const CALLS = `
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
`;

/**
 * Stored values. Line and chat are those of the event that wrote a value first; a value that was written outside an event has none. The
 * value is the last column: a look for old ones reads none.
 */
const VALUES = `
  CREATE TABLE stored_value (
    id         INTEGER PRIMARY KEY,
    key        TEXT    NOT NULL UNIQUE,
    line       TEXT,
    chat       INTEGER,
    written_at INTEGER NOT NULL,
    json       TEXT    NOT NULL
  );
`;

const LEDGER = `
  CREATE TABLE ledger (epoch INTEGER NOT NULL);
  INSERT INTO ledger VALUES (0);
`;

/** The `--line` by which events have their lines and shards. */
const LINE = "line TEXT NOT NULL DEFAULT 'chat'";

const SCHEMA = `
  CREATE TABLE bot (id INTEGER PRIMARY KEY, ${LINE});
  CREATE TABLE seen (
    id    INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    since INTEGER NOT NULL
  );
  ${LEDGER}
  ${EVENTS}
  ${DEAD_LETTERS}
  ${CALLS}
  ${VALUES}
`;

/** Makes an inbox of an empty database. The caller has begun a transaction. */
export function createSchema(database: DatabaseSync, bot: number): void {
  database.exec(SCHEMA);
  database.prepare("INSERT INTO bot (id) VALUES (?)").run(bot);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  stamp(database);
}

/**
 * Brings an inbox of an older format to this one. The caller has begun a transaction.
 * @returns the ids of updates that cannot be read: they are dead letters now
 */
export function migrate(database: DatabaseSync, from: number): readonly number[] {
  if (from < 2) toFormat2(database);
  const unreadable = from < 3 ? toFormat3(database) : [];
  // Format 3 has no stored values.
  database.exec(VALUES);
  stamp(database);
  return unreadable;
}

/** The hash of input that is no update. */
export function hashOf(body: string): string {
  return hash("sha256", body, "base64");
}

function stamp(database: DatabaseSync): void {
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}

/** Format 1 has no ledger. It grew without another number: the first files lack columns. */
function toFormat2(database: DatabaseSync): void {
  database.exec(LEDGER);
  for (const column of ["alone", "deaths", "orphaned"]) {
    if (!hasColumn(database, "event", column))
      database.exec(`ALTER TABLE event ADD COLUMN ${column} INTEGER NOT NULL DEFAULT 0`);
  }
  if (hasColumn(database, "dead_letter", "id")) return;
  database.exec("ALTER TABLE dead_letter RENAME COLUMN seq TO id");
  database.exec("ALTER TABLE dead_letter ADD COLUMN log TEXT NOT NULL DEFAULT ''");
}

function hasColumn(database: DatabaseSync, table: string, column: string): boolean {
  return database.prepare("SELECT 1 FROM pragma_table_info(?) WHERE name = ?").get(table, column) !== undefined;
}

/** Format 2 has no addresses: they are read from the bodies, once. */
function toFormat3(database: DatabaseSync): readonly number[] {
  const bot = database.prepare("SELECT id FROM bot").get() as { id: number };
  database.exec(`ALTER TABLE bot ADD COLUMN ${LINE}`);
  database.exec("ALTER TABLE event RENAME TO old_event; ALTER TABLE dead_letter RENAME TO old_dead_letter");
  database.exec(EVENTS + DEAD_LETTERS + CALLS);
  moveDeadLetters(database, bot);
  const unreadable = moveEvents(database, bot);
  // Numbers of events that are gone are not given again.
  database.exec(`
    DELETE FROM sqlite_sequence WHERE name = 'event';
    UPDATE sqlite_sequence SET name = 'event' WHERE name = 'old_event';
    DROP TABLE old_event;
    DROP TABLE old_dead_letter;
  `);
  return unreadable;
}

interface OldRow {
  readonly update_id: number | null;
  readonly body: string;
  readonly [column: string]: SQLInputValue;
}

function moveDeadLetters(database: DatabaseSync, bot: { id: number }): void {
  const insert = database.prepare(
    `INSERT OR IGNORE INTO dead_letter
     (id, update_id, kind, line, shard, chat, hash, attempts, reason, log, received_at, died_at, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  // The newest first: of unreadable ones only so many are kept, and each once.
  const rows = database.prepare("SELECT * FROM old_dead_letter ORDER BY id DESC").iterate() as Iterable<OldRow>;
  let unreadable = 0;
  for (const { id, update_id, body, attempts, reason, log, received_at, died_at } of rows as Iterable<OldRow>) {
    const address = update_id === null ? NOWHERE : (addressIn(body, bot) ?? NOWHERE);
    const hash = update_id === null ? hashOf(body) : null;
    if (hash !== null && unreadable === MOST_UNREADABLE) continue;
    const { kind, line, shard, chat } = address;
    const facts = [hash, attempts!, reason!, log!, received_at!, died_at!, body];
    const { changes } = insert.run(id!, update_id, kind, line, shard, chat, ...facts);
    if (hash !== null) unreadable += Number(changes);
  }
}

function moveEvents(database: DatabaseSync, bot: { id: number }): readonly number[] {
  const insert = database.prepare(
    `INSERT INTO event
     (seq, update_id, kind, line, shard, chat, attempts, alone, deaths, orphaned, received_at, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const bury = database.prepare(
    `INSERT INTO dead_letter (update_id, attempts, reason, log, received_at, died_at, body)
     VALUES (?, ?, ?, '', ?, ?, ?)`,
  );
  const unreadable: number[] = [];
  const rows = database.prepare("SELECT * FROM old_event ORDER BY seq").iterate() as Iterable<OldRow>;
  for (const { seq, update_id, attempts, alone, deaths, orphaned, received_at, body } of rows) {
    const address = addressIn(body, bot);
    if (address === undefined) {
      bury.run(update_id, attempts!, UNREADABLE, received_at!, Date.now(), body);
      unreadable.push(update_id!);
      continue;
    }
    const { kind, line, shard, chat } = address;
    insert.run(seq!, update_id, kind, line, shard, chat, attempts!, alone!, deaths!, orphaned!, received_at!, body);
  }
  return unreadable;
}

/** The address of input that is no update. */
const NOWHERE = { kind: null, line: null, shard: null, chat: null };

function addressIn(body: string, bot: { id: number }): Address | undefined {
  const update = readUpdate(body);
  return update === undefined ? undefined : addressOf(update, bot, "chat");
}
