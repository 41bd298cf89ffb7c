/** The inbox's file: the ways to open and lock it, and the messages for each failure. */

import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { InboxError } from "../protocol/errors.ts";
import { createPrivately, makePrivate } from "./inbox-files.ts";
import { APPLICATION_ID, createSchema, migrate, SCHEMA_VERSION } from "./schema.ts";

/** Longest wait for another process that writes to the file: ms. */
export const BUSY_TIMEOUT = 5000;

/**
 * Opens the file for the server: creates it if it does not exist, brings an older format to this one, and checks that it belongs to
 * this bot.
 * @param onUnreadable is called with the ids of updates that an older format had and that cannot be read: they are dead letters now
 * @throws InboxError
 */
export function openInboxFile(
  path: string,
  bot: number,
  onUnreadable: (update_id: number) => void = () => {},
): DatabaseSync {
  return guarded("opened", path, () => {
    createPrivately(path);
    const database = openDatabase(path);
    try {
      const format = isEmpty(database) ? undefined : formatOf(database, path);
      if (format !== undefined) refuseOther(bot, ownerOf(database), path);
      if (format !== undefined && format < SCHEMA_VERSION) makePrivate(path);
      database.exec("PRAGMA journal_mode = WAL");
      // A new file, or a new format, is on the disk when this is over.
      const unreadable = transaction(database, path, () => {
        if (format === undefined) createSchema(database, bot);
        else if (format < SCHEMA_VERSION) return migrate(database, format);
        return [];
      });
      for (const update_id of unreadable) onUnreadable(update_id);
      // From now on the inbox decides when a write is flushed: see sqlite.ts.
      database.exec("PRAGMA synchronous = NORMAL");
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function refuseOther(bot: number, owner: number, path: string): void {
  if (owner !== bot) throw notOf(bot, path, owner);
}

/** The error for an inbox that belongs to another bot. */
export function notOf(bot: number, path: string, owner: number): InboxError {
  return new InboxError(
    `the inbox ${path} belongs to bot ${owner}, not to ${bot}; each bot needs a file of its own: choose another --inbox`,
  );
}

/**
 * Opens a file that must exist already. A server may be running on it. A file of an older format is brought to this one first.
 * @throws InboxError
 */
export function openExistingInboxFile(path: string): DatabaseSync {
  const { format, bot } = describeInboxFile(path);
  if (format < SCHEMA_VERSION) upgrade(path, format, bot);
  return guarded("opened", path, () => openDatabase(path));
}

/** Facts that a file of any format states of itself. */
export interface InboxFileFacts {
  readonly format: number;
  /** The id of the bot that owns it. */
  readonly bot: number;
  /** Number of unsettled events; those that the ledger alone has settled count. */
  readonly events: number;
  readonly deadLetters: number;
  /** Number of stored values: the sessions of asgigram/storage. */
  readonly values: number;
}

/** Looks at a file that must exist already, and changes nothing. @throws InboxError */
export function describeInboxFile(path: string): InboxFileFacts {
  return guarded("opened", path, () => {
    if (!existsSync(path)) throw new InboxError(`there is no inbox ${path}; name the bot's inbox with --inbox`);
    const database = openDatabase(path);
    try {
      const format = formatOf(database, path);
      const isThere = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?");
      // Files of old formats have no stored values.
      const count = (table: string) =>
        isThere.get(table) === undefined
          ? 0
          : (database.prepare(`SELECT count(*) AS count FROM ${table}`).get() as { count: number }).count;
      const [events, deadLetters, values] = [count("event"), count("dead_letter"), count("stored_value")];
      return { format, bot: ownerOf(database), events, deadLetters, values };
    } finally {
      database.close();
    }
  });
}

/** A server of an older version could not read the new format. */
function upgrade(path: string, format: number, bot: number): void {
  if (isInboxInUse(path)) {
    throw new InboxError(
      `the inbox ${path} is used by a server of an older asgigram (format ${format}, this one writes ${SCHEMA_VERSION}); ` +
        "restart that server with this version first",
    );
  }
  const lock = lockInboxFile(path);
  try {
    openInboxFile(path, bot).close();
  } finally {
    lock.close();
  }
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
    createPrivately(`${path}-lock`);
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

function ownerOf(database: DatabaseSync): number {
  return (database.prepare("SELECT id FROM bot").get() as { id: number }).id;
}

/** The format of an inbox. Refuses a file that is none, or that a newer version of asgigram wrote. */
function formatOf(database: DatabaseSync, path: string): number {
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
  return version;
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
