/**
 * The dead letters in an inbox's file, for whoever looks after them: `asgigram inbox`. Works beside a running server, which
 * finds what is to be tried again by itself.
 */

import { resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { guarded, openExistingInboxFile } from "./sqlite-file.ts";

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

export class DeadLetters {
  readonly #path: string;
  readonly #database: DatabaseSync;

  /** @throws InboxError */
  constructor(path: string) {
    this.#path = resolve(path);
    this.#database = openExistingInboxFile(this.#path);
  }

  /** All of them, the oldest first. */
  list(): DeadLetter[] {
    const read = () => this.#database.prepare("SELECT * FROM dead_letter ORDER BY id").all();
    return guarded("read", this.#path, read) as unknown as DeadLetter[];
  }

  get(id: number): DeadLetter | undefined {
    const read = () => this.#database.prepare("SELECT * FROM dead_letter WHERE id = ?").get(id);
    return guarded("read", this.#path, read) as unknown as DeadLetter | undefined;
  }

  /**
   * Makes them unsettled events again, with no attempt made yet; they go to the end of their chats' lines.
   * What is no update stays where it is.
   * @returns how many
   */
  retry(ids: readonly number[]): number {
    return this.#write(() => {
      const insert = this.#database.prepare(
        `INSERT INTO event (update_id, body, received_at)
         SELECT update_id, body, received_at FROM dead_letter WHERE id = ? AND update_id IS NOT NULL`,
      );
      const retried = ids.filter((id) => insert.run(id).changes > 0);
      this.#delete(retried);
      return retried.length;
    });
  }

  /** Deletes them for good. @returns how many */
  drop(ids: readonly number[]): number {
    return this.#write(() => this.#delete(ids));
  }

  close(): void {
    this.#database.close();
  }

  #delete(ids: readonly number[]): number {
    const remove = this.#database.prepare("DELETE FROM dead_letter WHERE id = ?");
    return ids.filter((id) => remove.run(id).changes > 0).length;
  }

  #write<T>(work: () => T): T {
    return guarded("written", this.#path, () => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        this.#database.exec("COMMIT");
        return result;
      } catch (error) {
        this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }
}
