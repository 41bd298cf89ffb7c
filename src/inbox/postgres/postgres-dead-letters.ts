/** The dead letters of an inbox in PostgreSQL, as `asgigram inbox` shows, retries and drops them, from any machine. */

import {
  complete,
  type Filter,
  type Forgotten,
  isList,
  type LetterStore,
  missing,
  type Retried,
  retriable,
  type StoredDeadLetter,
  type Which,
} from "../dead-letters.ts";
import { lockAppends, notification } from "./append.ts";
import type { Connection, Session } from "./connection.ts";
import { Database, type DatabaseOptions } from "./database.ts";
import { requireMeta, schemaOf } from "./schema.ts";
import { BEGIN } from "./transaction.ts";
import { connectOnce } from "./visit.ts";

/** Time for an answer: ms. */
const PATIENCE = 60_000;

const COLUMNS = "id, update_id, line, body, attempts, reason, log, received_at, died_at";

interface Found extends StoredDeadLetter {
  readonly seq: number;
  readonly shard: number | null;
}

export class PostgresDeadLetters implements LetterStore {
  readonly path: string;
  readonly #connection: Connection;
  readonly #schema: string;

  private constructor(connection: Connection, schema: string, path: string) {
    this.#connection = connection;
    this.#schema = schema;
    this.path = path;
  }

  /** @throws InboxError if there is no inbox of the bot */
  static async open(address: string, bot: number, options: DatabaseOptions): Promise<PostgresDeadLetters> {
    const database = await Database.at(address, options);
    const connection = await connectOnce(database, PATIENCE);
    try {
      await connection.run((session) => requireMeta(session, bot, database.shown));
    } catch (error) {
      await connection.close();
      throw error;
    }
    return new PostgresDeadLetters(connection, schemaOf(bot), database.shown);
  }

  async list(filter: Filter = {}): Promise<StoredDeadLetter[]> {
    const { condition, values } = conditionOf(filter);
    return await this.#select<StoredDeadLetter>(COLUMNS, condition, values);
  }

  async get(id: number): Promise<StoredDeadLetter> {
    const [letter] = await this.#select<StoredDeadLetter>(COLUMNS, "id = $1", [id]);
    return letter ?? missing(id, this.path);
  }

  async retry(which: Which, fresh = false): Promise<Retried> {
    const all = await this.#find(which);
    const retried = retriable(all, which);
    if (retried.length > 0) await this.#connection.run((session) => this.#retry(session, retried, fresh));
    return { retried: retried.length, left: all.length - retried.length };
  }

  async drop(which: Which): Promise<number> {
    const ids = (await this.#find(which)).map(({ id }) => id);
    await this.#connection.run((session) =>
      session.query({ text: this.#remove("id = ANY($1::bigint[])"), values: [ids] }),
    );
    return ids.length;
  }

  async forget(chat: number): Promise<Forgotten> {
    return await this.#connection.run(async (session) => {
      const schema = this.#schema;
      await session.script(BEGIN);
      // Events of other chats may have made calls to this one.
      await session.query({
        text: `
          DELETE FROM ${schema}.call WHERE lane = $1::text OR lane LIKE $1::text || '/%'
          OR seq IN (SELECT seq FROM ${schema}.event WHERE chat = $1::bigint)`,
        values: [chat],
      });
      const events = await session.query({ text: `DELETE FROM ${schema}.event WHERE chat = $1`, values: [chat] });
      const letters = await session.query({ text: this.#remove("chat = $1"), values: [chat] });
      const values = await session.query({
        text: `DELETE FROM ${schema}.stored_value WHERE chat = $1`,
        values: [chat],
      });
      await session.script("COMMIT");
      return { events: events.rowCount ?? 0, letters: letters.rowCount ?? 0, values: values.rowCount ?? 0 };
    });
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** They go to the ends of their lines: after the events that are there, by the lock of the appends. */
  async #retry(session: Session, letters: readonly Found[], fresh: boolean): Promise<void> {
    const schema = this.#schema;
    const ids = letters.map(({ id }) => id);
    await session.script(`${BEGIN}; ${lockAppends(schema)}`);
    const columns = "update_id, kind, line, shard, chat, received_at, body";
    const { rows } = await session.query<{ seq: number; before: number }>({
      text: `
        WITH old AS (DELETE FROM ${schema}.dead_letter WHERE id = ANY($1::bigint[]) RETURNING *),
        numbered AS (SELECT *, nextval(pg_get_serial_sequence('${schema}.event', 'seq')) AS number FROM (SELECT * FROM old ORDER BY id) o),
        new AS (INSERT INTO ${schema}.event (seq, retried, saved, ${columns}) OVERRIDING SYSTEM VALUE
                SELECT number, true, CASE WHEN $2 THEN NULL ELSE saved END, ${columns} FROM numbered)
        SELECT number AS seq, seq AS before FROM numbered`,
      values: [ids, fresh],
    });
    const values = [rows.map(({ seq }) => seq), rows.map(({ before }) => before)];
    const pairs = "unnest($1::bigint[], $2::bigint[]) AS r(seq, before)";
    await session.query({
      text: fresh
        ? `DELETE FROM ${schema}.call c USING ${pairs} WHERE c.seq = r.before`
        : `UPDATE ${schema}.call c SET seq = r.seq FROM ${pairs} WHERE c.seq = r.before`,
      values,
    });
    await session.script(
      `${notification(
        schema,
        letters.map(({ shard }) => shard!),
      )}; COMMIT`,
    );
  }

  async #find(which: Which): Promise<Found[]> {
    const { condition, values } = conditionOf(which);
    return complete(await this.#select<Found>(`${COLUMNS}, seq, shard`, condition, values), which, this.path);
  }

  async #select<Row>(columns: string, condition: string, values: readonly unknown[]): Promise<Row[]> {
    const text = `SELECT ${columns} FROM ${this.#schema}.dead_letter WHERE ${condition} ORDER BY id`;
    return (await this.#connection.run((session) => session.query<Row>({ text, values }))).rows;
  }

  /** SQL that removes dead letters, and the calls of their events. */
  #remove(condition: string): string {
    return `
      WITH old AS (DELETE FROM ${this.#schema}.dead_letter WHERE ${condition} RETURNING seq),
      calls AS (DELETE FROM ${this.#schema}.call USING old WHERE call.seq = old.seq)
      SELECT FROM old`;
  }
}

function conditionOf(which: Which): { condition: string; values: unknown[] } {
  if (isList(which)) return { condition: "id = ANY($1::bigint[])", values: [which] };
  const { since, error, chat } = which;
  const values: unknown[] = [];
  const conditions = ["true"];
  const add = (sql: (place: string) => string, value: unknown) =>
    value !== undefined && conditions.push(sql(`$${values.push(value)}`));
  add((place) => `died_at >= ${place}`, since);
  add((place) => `position(lower(${place}) IN lower(reason)) > 0`, error);
  add((place) => `chat = ${place}`, chat);
  return { condition: conditions.join(" AND "), values };
}
