/**
 * The dead letters in an inbox's file, as `asgigram inbox` shows, retries and drops them, and all that is stored of a chat. Works
 * beside a running server, which finds retried events by itself.
 */

import { resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { InboxError } from "../protocol/errors.ts";
import { guarded, openExistingInboxFile, transaction } from "./sqlite-file.ts";
import { readUpdate } from "./stored-body.ts";

export interface StoredDeadLetter {
  readonly id: number;
  /** Null if Telegram sent something that is no update. */
  readonly update_id: number | null;
  /** The scope of its event. Null if it is no update, or cannot be read. */
  readonly line: string | null;
  /** The Update as JSON, or the text that came in its place. */
  readonly body: string;
  readonly attempts: number;
  /** The error that made it a dead letter. */
  readonly reason: string;
  /** The last log lines of its worker. */
  readonly log: string;
  /** Milliseconds since 1970. */
  readonly received_at: number;
  /** The time at which it became a dead letter, in milliseconds since 1970. */
  readonly died_at: number;
}

/** Dead letters to which all of this applies; without a condition all of them. */
export interface Filter {
  /** They died at that time or later: milliseconds since 1970. */
  readonly since?: number;
  /** Text in the reason, in whichever case. */
  readonly error?: string;
  /** Id of the chat or user. A private chat has its user's id. */
  readonly chat?: number;
}

/** Dead letters by their ids or by a filter. */
export type Which = readonly number[] | Filter;

/** Numbers of events, dead letters and stored values that were removed. */
export interface Forgotten {
  readonly events: number;
  readonly letters: number;
  readonly values: number;
}

/** A damaged value need not be of its type, nor a number that JavaScript can hold. */
const text = (column: string) => `CAST(${column} AS TEXT) AS ${column}`;
const number = (column: string) => `min(max(${column}, 0), 8e15) AS ${column}`;
const COLUMNS = [
  ...["id", "update_id", "line", text("body"), text("reason"), text("log")],
  ...[number("attempts"), number("received_at"), number("died_at")],
].join(", ");

export interface Retried {
  readonly retried: number;
  /** Number of dead letters that remain. A dead letter that is no update can only be shown and dropped. */
  readonly left: number;
}

/** The actions of `asgigram inbox`, in a file or in a database. */
export interface LetterStore {
  /** The path or the address of the inbox. */
  readonly path: string;
  list(filter?: Filter): StoredDeadLetter[] | Promise<StoredDeadLetter[]>;
  get(id: number): StoredDeadLetter | Promise<StoredDeadLetter>;
  retry(which: Which, fresh?: boolean): Retried | Promise<Retried>;
  drop(which: Which): number | Promise<number>;
  forget(chat: number): Forgotten | Promise<Forgotten>;
  close(): void | Promise<void>;
}

export class DeadLetters implements LetterStore {
  readonly path: string;
  readonly #database: DatabaseSync;

  /** @throws InboxError */
  constructor(path: string) {
    this.path = resolve(path);
    this.#database = openExistingInboxFile(this.path);
  }

  /** The oldest first. */
  list(filter: Filter = {}): StoredDeadLetter[] {
    return this.#select(filter);
  }

  /** @throws InboxError if there is no dead letter with that id */
  get(id: number): StoredDeadLetter {
    const read = () => this.#database.prepare(`SELECT ${COLUMNS} FROM dead_letter WHERE id = ?`).get(id);
    return (guarded("read", this.path, read) as unknown as StoredDeadLetter | undefined) ?? missing(id, this.path);
  }

  /**
   * Makes dead letters unsettled events again, with no attempts, in order of age. Each goes to the end of its chat's
   * line.
   * @param fresh forgets the calls that they have made, and what they have saved
   * @throws InboxError if a dead letter named in `which` does not exist or is no update; then nothing is changed
   */
  retry(which: Which, fresh = false): Retried {
    return this.#write(() => {
      const insert = this.#database.prepare(
        `INSERT INTO event (update_id, kind, line, shard, chat, received_at, saved, body)
         SELECT update_id, kind, line, shard, chat, received_at, iif(?, NULL, saved), body FROM dead_letter WHERE id = ?`,
      );
      const moveCalls = this.#database.prepare("UPDATE call SET seq = ? WHERE seq = ?");
      const letters = this.#find(which);
      const retried = retriable(letters, which);
      for (const { id } of retried) {
        const { lastInsertRowid } = insert.run(fresh ? 1 : 0, id);
        if (!fresh) moveCalls.run(lastInsertRowid, -id);
      }
      return { retried: this.#delete(retried), left: letters.length - retried.length };
    });
  }

  /**
   * Deletes dead letters for good.
   * @returns the number of deleted dead letters
   * @throws InboxError if a dead letter named in `which` does not exist; then nothing is changed
   */
  drop(which: Which): number {
    return this.#write(() => this.#delete(this.#find(which)));
  }

  /**
   * Removes what is stored of a chat, or of a user's private chat: events, dead letters, calls to it, and the values that its events have
   * stored. Their bytes are overwritten. A running server still handles the events that it has in memory, and stores nothing of them.
   */
  forget(chat: number): Forgotten {
    guarded("written", this.path, () => this.#database.exec("PRAGMA secure_delete = ON"));
    const forgotten = this.#write(() => {
      const remove = (sql: string, ...values: (number | string)[]) =>
        Number(this.#database.prepare(`DELETE FROM ${sql}`).run(...values).changes);
      // Events of other chats may have made calls to this one.
      remove("call WHERE lane = ? OR lane LIKE ? || '/%'", `${chat}`, `${chat}`);
      return {
        events: remove("event WHERE chat = ?", chat),
        letters: remove("dead_letter WHERE chat = ?", chat),
        values: remove("stored_value WHERE chat = ?", chat),
      };
    });
    // The log has earlier copies of the pages.
    guarded("written", this.path, () => this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)"));
    return forgotten;
  }

  close(): void {
    this.#database.close();
  }

  #select(which: Which): StoredDeadLetter[] {
    const { condition, values } = conditionOf(which);
    const read = () =>
      this.#database.prepare(`SELECT ${COLUMNS} FROM dead_letter WHERE ${condition} ORDER BY id`).all(...values);
    const letters = guarded("read", this.path, read) as unknown as StoredDeadLetter[];
    if (isList(which) || which.error === undefined) return letters;
    // SQLite folds the letters of ASCII alone.
    const error = which.error.toLowerCase();
    return letters.filter(({ reason }) => reason.toLowerCase().includes(error));
  }

  #find(which: Which): StoredDeadLetter[] {
    return complete(this.#select(which), which, this.path);
  }

  #delete(letters: readonly StoredDeadLetter[]): number {
    const remove = this.#database.prepare("DELETE FROM dead_letter WHERE id = ?");
    for (const { id } of letters) remove.run(id);
    return letters.length;
  }

  #write<T>(work: () => T): T {
    return transaction(this.#database, this.path, work);
  }
}

/** The letters that were found. @throws InboxError if one is named that is not among them */
export function complete<Letter extends StoredDeadLetter>(found: Letter[], which: Which, path: string): Letter[] {
  const ids = new Set(found.map(({ id }) => id));
  const lost = isList(which) ? which.find((id) => !ids.has(id)) : undefined;
  return lost === undefined ? found : missing(lost, path);
}

/** Those that are updates: not input that never was one, no damaged body. @throws InboxError if another one is named */
export function retriable<Letter extends StoredDeadLetter>(letters: readonly Letter[], which: Which): Letter[] {
  const isUpdate = ({ line, body }: Letter) => line !== null && readUpdate(body) !== undefined;
  return letters.filter((letter) => isUpdate(letter) || (isList(which) && refuse(letter.id)));
}

export function missing(id: number, path: string): never {
  throw new InboxError(`there is no dead letter ${id} in ${path}; asgigram inbox list shows all dead letters`);
}

export function isList(which: Which): which is readonly number[] {
  return Array.isArray(which);
}

/** A condition of SQL, and the values for its question marks. It leaves `error` out. */
function conditionOf(which: Which): { condition: string; values: (number | string)[] } {
  if (isList(which)) return { condition: "id IN (SELECT value FROM json_each(?))", values: [JSON.stringify(which)] };
  const { since, chat } = which;
  const parts = [
    since !== undefined && { condition: "died_at >= ?", value: since },
    chat !== undefined && { condition: "chat = ?", value: chat },
  ].filter((part) => part !== false);
  const conditions = ["TRUE", ...parts.map(({ condition }) => condition)];
  return { condition: conditions.join(" AND "), values: parts.map(({ value }) => value) };
}

function refuse(id: number): never {
  throw new InboxError(
    `dead letter ${id} is no update and cannot be retried; asgigram inbox show ${id} shows its content`,
  );
}
