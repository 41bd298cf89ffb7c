/**
 * The statement that records a turn: all of it or nothing, in one message. A beginning counts only while the lease of its shard is
 * ours: the lease's row is locked until the commit, so nobody takes the shard in between. What has ended has ended, whoever
 * has the shard: so the event of a beginning may be gone, settled by the server that had the shard before.
 */

import { binaryArray, type Element, type ElementType } from "./binary-array.ts";
import type { PgQuery } from "./pg.ts";
import type { CalledRow, Change, LetterRow, TurnRows, WriteRow } from "./turn-rows.ts";

/** @returns a statement whose rows are the numbers (`seq`) of changes that were refused; undefined for a turn without facts */
export function recordStatement(schema: string, owner: string, rows: TurnRows, now: number): PgQuery | undefined {
  const { changes, settled, letters, writes, called, answered, dropped } = rows;
  const statement = new Statement(schema);
  if (changes.length > 0) statement.change(changes, owner);
  if (settled.length + writes.length > 0) statement.settle(settled);
  if (writes.length > 0) statement.write(writes, now);
  if (letters.length > 0) statement.bury(letters, now);
  if (called.length > 0) statement.call(called);
  if (answered.length > 0) statement.answer(answered);
  if (dropped.length > 0) statement.drop(dropped);
  return statement.query;
}

class Statement {
  readonly #schema: string;
  readonly #parts: string[] = [];
  readonly #values: unknown[] = [];
  #name = "record";
  #select = "SELECT NULL::bigint AS seq WHERE false";

  constructor(schema: string) {
    this.#schema = schema;
  }

  get query(): PgQuery | undefined {
    if (this.#parts.length === 0) return undefined;
    return { name: this.#name, text: `WITH ${this.#parts.join(",\n")}\n${this.#select}`, values: this.#values };
  }

  change(changes: readonly Change[], owner: string): void {
    this.#name += " change";
    const rows = this.#unnest(changes, {
      seq: "bigint",
      shard: "integer",
      epoch: "bigint",
      attempts: "integer",
      deaths: "integer",
      alone: "boolean",
      saved: "text",
      stays: "boolean",
    });
    const shards = this.#array("integer", [
      ...new Set(changes.map(({ shard }) => shard).filter((shard) => shard !== null)),
    ]);
    const isOurs = "EXISTS (SELECT FROM ours o WHERE o.shard = c.shard AND o.epoch = c.epoch)";
    this.#parts.push(
      `change AS (SELECT * FROM ${rows})`,
      `ours AS (SELECT shard, epoch FROM ${this.#schema}.lease
         WHERE shard = ANY(${shards}) AND owner = ${this.#value(owner)} FOR SHARE)`,
      `changed AS (UPDATE ${this.#schema}.event e
         SET attempts = e.attempts + c.attempts, deaths = e.deaths + c.deaths,
             alone = coalesce(c.alone, e.alone), saved = coalesce(c.saved, e.saved)
         FROM change c WHERE e.seq = c.seq AND c.stays AND (c.shard IS NULL OR ${isOurs}) RETURNING e.seq)`,
    );
    const counts = `CASE WHEN c.stays THEN EXISTS (SELECT FROM changed d WHERE d.seq = c.seq) ELSE ${isOurs} END`;
    this.#select = `SELECT c.seq FROM change c WHERE c.shard IS NOT NULL AND NOT ${counts}`;
  }

  settle(seqs: readonly number[]): void {
    this.#name += " settle";
    const values = this.#array("bigint", seqs);
    this.#parts.push(
      `settled AS (DELETE FROM ${this.#schema}.event WHERE seq = ANY(${values})
         RETURNING seq, line, chat)`,
      `forgotten AS (DELETE FROM ${this.#schema}.call WHERE seq = ANY(${values}))`,
    );
  }

  /** Values are stored with what this very statement settles: another server may have settled the event, with values of its own. */
  write(writes: readonly WriteRow[], now: number): void {
    this.#name += " write";
    const values = `${this.#schema}.stored_value`;
    this.#parts.push(
      `written AS (SELECT r.key, r.json, s.line, s.chat
         FROM ${this.#unnest(writes, { key: "text", json: "text", seq: "bigint" })} LEFT JOIN settled s ON s.seq = r.seq
         WHERE r.seq IS NULL OR s.seq IS NOT NULL)`,
      `removed AS (DELETE FROM ${values} v USING written w WHERE v.key = w.key AND w.json IS NULL)`,
      `stored AS (INSERT INTO ${values} AS v (key, line, chat, written_at, json)
         SELECT key, line, chat, ${this.#value(now)}::bigint, json FROM written WHERE json IS NOT NULL
         ON CONFLICT (key) DO UPDATE SET written_at = excluded.written_at, json = excluded.json,
           line = coalesce(v.line, excluded.line), chat = coalesce(v.chat, excluded.chat))`,
    );
  }

  bury(letters: readonly LetterRow[], now: number): void {
    this.#name += " bury";
    const types = { seq: "bigint", attempts: "integer", reason: "text", log: "text", saved: "text" } as const;
    const rows = this.#unnest(letters, types);
    const seqs = this.#array(
      "bigint",
      letters.map(({ seq }) => seq),
    );
    const columns = "update_id, kind, line, shard, chat, received_at, body";
    this.#parts.push(
      `letter AS (INSERT INTO ${this.#schema}.dead_letter (seq, attempts, reason, log, died_at, saved, ${columns})
         SELECT e.seq, e.attempts + r.attempts, r.reason, r.log, ${this.#value(now)}::bigint,
                coalesce(r.saved, e.saved), ${columns}
         FROM ${this.#schema}.event e JOIN ${rows} USING (seq))`,
      `buried AS (DELETE FROM ${this.#schema}.event WHERE seq = ANY(${seqs}))`,
    );
  }

  call(calls: readonly CalledRow[]): void {
    this.#name += " call";
    const columns = {
      seq: "bigint",
      id: "bigint",
      method: "text",
      lane: "text",
      body: "text",
      answer: "text",
    } as const;
    this.#parts.push(
      `called AS (INSERT INTO ${this.#schema}.call (seq, id, method, lane, body, answer)
         SELECT r.* FROM ${this.#unnest(calls, columns)}
         WHERE EXISTS (SELECT FROM ${this.#schema}.event e WHERE e.seq = r.seq) ON CONFLICT (seq, id) DO NOTHING)`,
    );
  }

  answer(answers: TurnRows["answered"]): void {
    this.#name += " answer";
    this.#parts.push(
      `answered AS (UPDATE ${this.#schema}.call c SET answer = r.answer
         FROM ${this.#unnest(answers, { seq: "bigint", id: "bigint", answer: "text" })} WHERE c.seq = r.seq AND c.id = r.id)`,
    );
  }

  drop(calls: TurnRows["dropped"]): void {
    this.#name += " drop";
    this.#parts.push(
      `dropped AS (DELETE FROM ${this.#schema}.call c
         USING ${this.#unnest(calls, { seq: "bigint", id: "bigint" })} WHERE c.seq = r.seq AND c.id = r.id)`,
    );
  }

  /** Rows as a table `r`: an array for each column. */
  #unnest<Column extends string>(
    rows: readonly { readonly [column in NoInfer<Column>]: Element }[],
    types: Readonly<Record<Column, ElementType>>,
  ): string {
    const names = Object.keys(types) as Column[];
    const arrays = names.map((name) =>
      this.#array(
        types[name],
        rows.map((row) => row[name]),
      ),
    );
    return `unnest(${arrays.join(", ")}) AS r(${names.join(", ")})`;
  }

  #array(type: ElementType, elements: readonly Element[]): string {
    return `${this.#value(binaryArray(type, elements))}::${type}[]`;
  }

  #value(value: unknown): string {
    return `$${this.#values.push(value)}`;
  }
}
