/**
 * The dead letters in an inbox's file, as `asgigram inbox` shows, retries and drops them. Works beside a running
 * server, which finds retried events by itself.
 */

import { resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { InboxError } from "../protocol/errors.ts";
import { guarded, openExistingInboxFile, transaction } from "./sqlite-file.ts";

export interface DeadLetter {
  readonly id: number;
  /** Null if Telegram sent something that is no update. */
  readonly update_id: number | null;
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

export interface Retried {
  readonly retried: number;
  /** Number of dead letters that remain. A dead letter that is no update can only be shown and dropped. */
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

  /** The id of the bot that owns the inbox. */
  bot(): number {
    const read = () => this.#database.prepare("SELECT id FROM bot").get();
    return (guarded("read", this.path, read) as { id: number }).id;
  }

  /** All dead letters, the oldest first. */
  list(): DeadLetter[] {
    const read = () => this.#database.prepare("SELECT * FROM dead_letter ORDER BY id").all();
    return guarded("read", this.path, read) as unknown as DeadLetter[];
  }

  /** @throws InboxError if there is no dead letter with that id */
  get(id: number): DeadLetter {
    const read = () => this.#database.prepare("SELECT * FROM dead_letter WHERE id = ?").get(id);
    return (guarded("read", this.path, read) as unknown as DeadLetter | undefined) ?? this.#missing(id);
  }

  /**
   * Makes dead letters unsettled events again, with no attempts, in order of age. Each goes to the end of its chat's
   * line.
   * @throws InboxError if a dead letter named in `which` does not exist or is no update; then nothing is changed
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
   * Deletes dead letters for good.
   * @returns the number of deleted dead letters
   * @throws InboxError if a dead letter named in `which` does not exist; then nothing is changed
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
    throw new InboxError(`there is no dead letter ${id} in ${this.path}; asgigram inbox list shows all dead letters`);
  }

  #write<T>(work: () => T): T {
    return transaction(this.#database, this.path, work);
  }
}

function refuse(id: number): never {
  throw new InboxError(
    `dead letter ${id} is no update and cannot be retried; asgigram inbox show ${id} shows its content`,
  );
}
