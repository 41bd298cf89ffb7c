/**
 * The dead letters in an inbox's file, for whoever looks after them: `asgigram inbox`. Works beside a running server, which
 * finds what is to be tried again by itself.
 */

import { resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { InboxError } from "../protocol/errors.ts";
import { guarded, openExistingInboxFile, transaction } from "./sqlite-file.ts";

export interface DeadLetter {
  readonly id: number;
  /** Null for what came without one. */
  readonly update_id: number | null;
  /** The Update, as JSON; or what came in its place. */
  readonly body: string;
  readonly attempts: number;
  /** The error. */
  readonly reason: string;
  /** What the worker said last. */
  readonly log: string;
  /** Milliseconds since 1970. */
  readonly received_at: number;
  readonly died_at: number;
}

export interface Retried {
  readonly retried: number;
  /** Those that are still there: what is no update can only be looked at and dropped. */
  readonly left: number;
}

export class DeadLetters {
  readonly path: string;
  readonly #database: DatabaseSync;

  /** @throws InboxError */
  constructor(path: string) {
    this.path = resolve(path);
    this.#database = openExistingInboxFile(this.path);
  }

  /** The bot whose inbox it is. */
  bot(): number {
    const read = () => this.#database.prepare("SELECT id FROM bot").get();
    return (guarded("read", this.path, read) as { id: number }).id;
  }

  /** All of them, the oldest first. */
  list(): DeadLetter[] {
    const read = () => this.#database.prepare("SELECT * FROM dead_letter ORDER BY id").all();
    return guarded("read", this.path, read) as unknown as DeadLetter[];
  }

  /** @throws InboxError if there is none with that id */
  get(id: number): DeadLetter {
    const read = () => this.#database.prepare("SELECT * FROM dead_letter WHERE id = ?").get(id);
    return (guarded("read", this.path, read) as unknown as DeadLetter | undefined) ?? this.#missing(id);
  }

  /**
   * Makes them unsettled events again, with no attempt made yet; they go to the end of their chats' lines, the oldest first.
   * @throws InboxError if one of those named is not there, or is no update; then nothing is changed
   */
  retry(which: readonly number[] | "all"): Retried {
    return this.#write(() => {
      const insert = this.#database.prepare(
        `INSERT INTO event (update_id, body, received_at)
         SELECT update_id, body, received_at FROM dead_letter WHERE id = ? AND update_id IS NOT NULL`,
      );
      const ids = this.#ids(which);
      const retried = ids.filter((id) => insert.run(id).changes > 0 || (which !== "all" && refuse(id)));
      return { retried: this.#delete(retried), left: ids.length - retried.length };
    });
  }

  /**
   * Deletes them for good.
   * @returns how many
   * @throws InboxError if one of those named is not there; then nothing is changed
   */
  drop(which: readonly number[] | "all"): number {
    return this.#write(() => this.#delete(this.#ids(which)));
  }

  close(): void {
    this.#database.close();
  }

  #ids(which: readonly number[] | "all"): number[] {
    const ids = this.#database.prepare("SELECT id FROM dead_letter ORDER BY id").all() as { id: number }[];
    const present = ids.map(({ id }) => id);
    if (which === "all") return present;
    const wanted = new Set(which);
    const found = present.filter((id) => wanted.delete(id));
    for (const id of wanted) this.#missing(id);
    return found;
  }

  #delete(ids: readonly number[]): number {
    const remove = this.#database.prepare("DELETE FROM dead_letter WHERE id = ?");
    for (const id of ids) remove.run(id);
    return ids.length;
  }

  #missing(id: number): never {
    throw new InboxError(
      `there is no dead letter ${id} in ${this.path}; asgigram inbox list shows those that are there`,
    );
  }

  #write<T>(work: () => T): T {
    return guarded("written", this.path, () => transaction(this.#database, work));
  }
}

function refuse(id: number): never {
  throw new InboxError(
    `dead letter ${id} is no update and cannot be retried; asgigram inbox show ${id} shows what it is`,
  );
}
