/** The inbox's file: its schema, the ways to open and lock it, and the messages for each failure. */

import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { InboxError } from "../protocol/errors.ts";

export const SCHEMA_VERSION = 2;

/** Longest wait for another process that writes to the file: ms. */
export const BUSY_TIMEOUT = 5000;

/** Marks the database as an inbox: "asgi" in ASCII (https://sqlite.org/pragma.html#pragma_application_id). */
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
 * Opens the file for the server: creates it if it does not exist, and checks that it belongs to this bot.
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
      // The new file is on the disk. From now on the inbox decides when a write is flushed: see sqlite.ts.
      database.exec("PRAGMA synchronous = NORMAL");
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** The error for an inbox that belongs to another bot. */
export function notOf(bot: number, path: string, owner: number): InboxError {
  return new InboxError(
    `the inbox ${path} belongs to bot ${owner}, not to ${bot}; each bot needs a file of its own: choose another --inbox`,
  );
}

/**
 * Opens a file that must exist already. A server may be running on it.
 * @throws InboxError
 */
export function openExistingInboxFile(path: string): DatabaseSync {
  return guarded("opened", path, () => {
    if (!existsSync(path)) {
      throw new InboxError(`there is no inbox ${path}; name the bot's inbox with --inbox`);
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
 * Locks the inbox against other servers by an exclusive transaction on a separate file, for as long as that file stays
 * open. The operating system releases the lock when the process ends in any way, and other processes can still read the
 * inbox.
 * @throws InboxError
 */
export function lockInboxFile(path: string): DatabaseSync {
  return guarded("locked", path, () => {
    if (!existsSync(dirname(path))) {
      throw new InboxError(`the inbox's folder ${dirname(path)} does not exist; create it, or choose another --inbox`);
    }
    const database = new DatabaseSync(`${path}-lock`, { timeout: 0 });
    try {
      database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      return database;
    } catch (error) {
      database.close();
      if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
      throw new InboxError(
        `the inbox ${path} is in use by another process; stop that process first, or choose another --inbox`,
      );
    }
  });
}

/** True if another process has locked the inbox. The check itself takes no lock. @throws InboxError */
export function isInboxInUse(path: string): boolean {
  if (!existsSync(`${path}-lock`)) return false;
  return guarded("read", path, () => {
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

/** Runs the work in a transaction: all of it is written, or nothing. @throws InboxError */
export function transaction<T>(database: DatabaseSync, path: string, work: () => T): T {
  return guarded("written", path, () => {
    try {
      database.exec("BEGIN IMMEDIATE");
      const result = work();
      database.exec("COMMIT");
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  });
}

/**
 * Does some work on the file.
 * @param what the work as a participle, for the error: "opened", "read", "written"
 * @throws InboxError with a remedy, if the work fails
 */
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

/** Refuses a file that is no inbox, or that a newer version of asgigram wrote. */
function refuseForeign(database: DatabaseSync, path: string): void {
  const pragma = (name: string) => database.prepare(`PRAGMA ${name}`).get()![name] as number;
  if (pragma("application_id") !== APPLICATION_ID) {
    throw new InboxError(`${path} is no inbox, but the database of another program: choose another --inbox`);
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
const NO_ANSWER = "the disk does not answer, or the file has been removed";
/** Remedies by SQLite's error number or the system's error name. */
const REMEDIES: Record<number | string, string> = {
  [SQLITE_BUSY]: "another process keeps it locked",
  8: "the file or its file system is read-only",
  10: NO_ANSWER,
  11: "the file is damaged: move it away to start with an empty inbox, and keep it: it holds updates",
  13: FULL,
  ENOSPC: FULL,
  EDQUOT: FULL,
  EFBIG: FULL,
  EIO: NO_ANSWER,
  26: "that file is no inbox: choose another --inbox",
};
