/**
 * The inbox in a SQLite file. Appending is synchronous=FULL: it survives a power cut. Settling is not: a settlement that a
 * power cut undoes means a second delivery, which is promised, and not a lost update, which is excluded. Both survive the
 * death of the process alone.
 */

import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { InboxError } from "../protocol/errors.ts";
import type { ArrivedUpdate, Inbox, InboxEntry } from "./inbox.ts";
import { type Run, SeenIds } from "./seen-ids.ts";

const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS bot (id INTEGER PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS event (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    update_id   INTEGER NOT NULL,
    body        TEXT    NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    received_at INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS seen (
    id    INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    since INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS dead_letter (
    seq         INTEGER PRIMARY KEY,
    update_id   INTEGER NOT NULL,
    body        TEXT    NOT NULL,
    attempts    INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    received_at INTEGER NOT NULL,
    died_at     INTEGER NOT NULL
  );
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

export class SqliteInbox implements Inbox {
  readonly durable = true;
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #lock: DatabaseSync;
  #seen: SeenIds;
  readonly #insert: StatementSync;
  readonly #remember: StatementSync;
  readonly #forget: StatementSync;
  readonly #delete: StatementSync;
  readonly #bury: StatementSync;
  readonly #select: StatementSync;

  /**
   * @param path the file; made if it is not there
   * @param bot the id of the bot whose updates it holds
   * @throws InboxError
   */
  constructor(path: string, bot: number) {
    this.#path = resolve(path);
    if (!existsSync(dirname(this.#path))) {
      throw new InboxError(
        `the inbox's folder ${dirname(this.#path)} does not exist; make it, or choose another --inbox`,
      );
    }
    this.#lock = lock(`${this.#path}-lock`, this.#path);
    try {
      this.#database = open(this.#path, bot);
      this.#seen = readSeen(this.#database);
      const prepare = (sql: string) => this.#database.prepare(sql);
      this.#insert = prepare("INSERT INTO event (update_id, body, received_at) VALUES (?, ?, ?)");
      this.#remember = prepare("INSERT OR REPLACE INTO seen (id, first, last, since) VALUES (?, ?, ?, ?)");
      this.#forget = prepare("DELETE FROM seen WHERE id < ?");
      this.#delete = prepare("DELETE FROM event WHERE seq = ?");
      this.#bury = prepare(
        "INSERT INTO dead_letter SELECT seq, update_id, body, attempts, ?, received_at, ? FROM event WHERE seq = ?",
      );
      this.#select = prepare("SELECT seq, update_id, attempts, body FROM event ORDER BY seq");
    } catch (error) {
      this.#lock.close();
      throw inboxError("opened", this.#path, error);
    }
  }

  append(updates: readonly ArrivedUpdate[]): (number | undefined)[] {
    const now = Date.now();
    const grown = new Set<Run>();
    try {
      return this.#transaction("FULL", () => {
        const seqs = updates.map(({ update_id, body }) => {
          if (this.#seen.has(update_id)) return undefined;
          grown.add(this.#seen.add(update_id, now));
          return Number(this.#insert.run(update_id, body, now).lastInsertRowid);
        });
        for (const { id, first, last, since } of grown) this.#remember.run(id, first, last, since);
        this.#forget.run(this.#seen.forget(now));
        return seqs;
      });
    } catch (error) {
      // What has not been stored has not been seen.
      this.#seen = readSeen(this.#database);
      throw error;
    }
  }

  settle(seqs: readonly number[]): void {
    this.#transaction("NORMAL", () => {
      for (const seq of seqs) this.#delete.run(seq);
    });
  }

  bury(seq: number, reason: string): void {
    this.#transaction("NORMAL", () => {
      this.#bury.run(reason, Date.now(), seq);
      this.#delete.run(seq);
    });
  }

  unsettled(): InboxEntry[] {
    return this.#select.all() as unknown as InboxEntry[];
  }

  clear(): number {
    return this.#transaction("NORMAL", () => Number(this.#database.prepare("DELETE FROM event").run().changes));
  }

  close(): void {
    this.#database.close();
    this.#lock.close();
  }

  #transaction<T>(synchronous: "FULL" | "NORMAL", work: () => T): T {
    try {
      this.#database.exec(`PRAGMA synchronous = ${synchronous}; BEGIN IMMEDIATE`);
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw inboxError("written", this.#path, error);
    }
  }
}

/**
 * Keeps other processes off the inbox, by an exclusive transaction on a file of its own that stays open: the operating
 * system ends it with the process, however that dies, and the inbox itself can still be read from outside.
 */
function lock(path: string, inbox: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database?.close();
    if (isBusy(error)) {
      throw new InboxError(
        `the inbox ${inbox} is in use by another process; stop that one first, or give this one another --inbox`,
      );
    }
    throw inboxError("locked", inbox, error);
  }
}

function open(path: string, bot: number): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    database.exec("PRAGMA journal_mode = WAL");
    const { user_version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
    if (user_version > SCHEMA_VERSION) {
      throw new InboxError(
        `the inbox ${path} was written by a newer asgigram (format ${user_version}, this one knows ${SCHEMA_VERSION}); ` +
          "update asgigram, or choose another --inbox",
      );
    }
    database.exec(`BEGIN; ${SCHEMA}; COMMIT`);
    database.prepare("INSERT INTO bot SELECT ? WHERE NOT EXISTS (SELECT 1 FROM bot)").run(bot);
    const owner = database.prepare("SELECT id FROM bot").get() as { id: number };
    if (owner.id !== bot) {
      throw new InboxError(
        `the inbox ${path} belongs to bot ${owner.id}, not to ${bot}; each bot needs a file of its own: choose another --inbox`,
      );
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function readSeen(database: DatabaseSync): SeenIds {
  const runs = database.prepare("SELECT id, first, last, since FROM seen ORDER BY id").all();
  return new SeenIds(runs as unknown as Run[]);
}

function isBusy(error: unknown): boolean {
  return (error as { errcode?: number }).errcode === 5;
}

function inboxError(done: string, path: string, cause: unknown): InboxError {
  if (cause instanceof InboxError) return cause;
  const { message } = cause as Error;
  return new InboxError(`the inbox ${path} could not be ${done}: ${message}; is its folder there and writable?`, {
    cause,
  });
}
