/** The inbox's file: its schema, how it is opened, and what can be wrong with it. */

import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { InboxError } from "../protocol/errors.ts";

export const SCHEMA_VERSION = 2;

/** How long to wait for another process that is writing: ms. */
export const BUSY_TIMEOUT = 5000;

/** What tells an inbox from any other database: "asgi" (https://sqlite.org/pragma.html#pragma_application_id). */
const APPLICATION_ID = 0x61736769;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS bot (id INTEGER PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS event (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    update_id   INTEGER NOT NULL,
    body        TEXT    NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    alone       INTEGER NOT NULL DEFAULT 0,
    deaths      INTEGER NOT NULL DEFAULT 0,
    orphaned    INTEGER NOT NULL DEFAULT 0,
    received_at INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS ledger (epoch INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS seen (
    id    INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    since INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS dead_letter (
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
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Opens the file as the server does: makes it if it is not there, and sees to whose it is.
 * @throws InboxError
 */
export function openInboxFile(path: string, bot: number): DatabaseSync {
  return guarded("opened", path, () => {
    const database = openDatabase(path);
    try {
      if (!isEmpty(database)) refuseForeign(database, path);
      database.exec("PRAGMA journal_mode = WAL");
      database.exec(`BEGIN; ${SCHEMA}; COMMIT`);
      database.prepare("INSERT INTO bot SELECT ? WHERE NOT EXISTS (SELECT 1 FROM bot)").run(bot);
      database.exec("INSERT INTO ledger SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM ledger)");
      const owner = database.prepare("SELECT id FROM bot").get() as { id: number };
      if (owner.id !== bot) throw notOf(bot, path, owner.id);
      // The file is there to stay; from now on it is for the inbox to say when the disk has to have what was written.
      database.exec("PRAGMA synchronous = NORMAL");
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** What to say of the inbox of another bot. */
export function notOf(bot: number, path: string, owner: number): InboxError {
  return new InboxError(
    `the inbox ${path} belongs to bot ${owner}, not to ${bot}; each bot needs a file of its own: choose another --inbox`,
  );
}

/**
 * Opens a file that has to be there already, beside a server that may be running on it.
 * @throws InboxError
 */
export function openExistingInboxFile(path: string): DatabaseSync {
  return guarded("opened", path, () => {
    if (!existsSync(path)) {
      throw new InboxError(`there is no inbox ${path}; name the one that the bot uses with --inbox`);
    }
    const database = openDatabase(path);
    try {
      refuseForeign(database, path);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/**
 * Keeps other processes off the inbox, by an exclusive transaction on a file of its own that stays open: the operating
 * system ends it with the process, however that dies, and the inbox itself can still be read from outside.
 * @throws InboxError
 */
export function lockInboxFile(path: string): DatabaseSync {
  return guarded("locked", path, () => {
    if (!existsSync(dirname(path))) {
      throw new InboxError(`the inbox's folder ${dirname(path)} does not exist; make it, or choose another --inbox`);
    }
    const database = new DatabaseSync(`${path}-lock`, { timeout: 0 });
    try {
      database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      return database;
    } catch (error) {
      database.close();
      if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
      throw new InboxError(
        `the inbox ${path} is in use by another process; stop that one first, or give this one another --inbox`,
      );
    }
  });
}

/** Whether another process keeps others off the inbox, looked at without keeping anybody off it. @throws InboxError */
export function isInboxInUse(path: string): boolean {
  if (!existsSync(`${path}-lock`)) return false;
  return guarded("looked at", path, () => {
    const database = new DatabaseSync(`${path}-lock`, { timeout: 0, readOnly: true });
    try {
      database.prepare("SELECT 1 FROM sqlite_schema").get();
      return false;
    } catch (error) {
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return true;
      throw error;
    } finally {
      database.close();
    }
  });
}

/** All of the work is written, or none of it. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  try {
    database.exec("BEGIN IMMEDIATE");
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** Does something with the file, and says so in plain words if it fails. @throws InboxError */
export function guarded<T>(what: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof InboxError) throw cause;
    const { message, errcode, code } = cause as NodeJS.ErrnoException & { errcode?: number };
    const remedy =
      REMEDIES[errcode === undefined ? (code ?? "") : errcode & 0xff] ?? "is its folder there and writable?";
    throw new InboxError(`the inbox ${path} could not be ${what}: ${message}; ${remedy}`, { cause });
  }
}

function openDatabase(path: string): DatabaseSync {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InboxError(`the inbox ${path} is a folder: name a file with --inbox`);
  }
  return new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
}

/** Refuses what is no inbox, or one that only a newer version of this code understands. */
function refuseForeign(database: DatabaseSync, path: string): void {
  const pragma = (name: string) => database.prepare(`PRAGMA ${name}`).get()![name] as number;
  if (pragma("application_id") !== APPLICATION_ID) {
    throw new InboxError(`${path} is no inbox, but a database of something else: choose another --inbox`);
  }
  const version = pragma("user_version");
  if (version > SCHEMA_VERSION) {
    throw new InboxError(
      `the inbox ${path} was written by a newer asgigram (format ${version}, this one knows ${SCHEMA_VERSION}); ` +
        "update asgigram, or choose another --inbox",
    );
  }
}

/** https://sqlite.org/rescode.html */
const SQLITE_BUSY = 5;
const FULL = "the disk is full";
/** By SQLite's number or by the system's name. */
const REMEDIES: Record<number | string, string> = {
  [SQLITE_BUSY]: "another process keeps it locked",
  8: "the file or its file system is read-only",
  10: "the disk does not answer, or the file has been removed",
  11: "the file is damaged: move it away to start anew, and keep it, for the updates in it",
  13: FULL,
  ENOSPC: FULL,
  EDQUOT: FULL,
  EFBIG: FULL,
  26: "that file is no inbox: choose another --inbox",
};
