/** Work on the inbox of a database as a whole: its tables are made, an inbox's file is copied into it. */

import { existsSync, renameSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { InboxError } from "../../protocol/errors.ts";
import type { LineKind } from "../../protocol/route.ts";
import { SqliteInbox } from "../sqlite.ts";
import { describeInboxFile, guarded, notOf } from "../sqlite-file.ts";
import { refuseLiving } from "./claim.ts";
import type { Session } from "./connection.ts";
import type { DatabaseOptions } from "./database.ts";
import { WHOLE } from "./patience.ts";
import { openSchema, schemaOf } from "./schema.ts";
import { beginAlone } from "./transaction.ts";
import { visit } from "./visit.ts";

export interface Copied {
  readonly events: number;
  readonly letters: number;
  /** The new path of the file. */
  readonly moved: string;
}

/** @param role is granted the use of the tables @throws InboxError */
export async function migrateInbox(
  address: string,
  bot: number,
  options: DatabaseOptions,
  role?: string,
): Promise<void> {
  await visit(address, options, WHOLE, async (session, where) => {
    await openSchema(session, bot, where);
    if (role === undefined) return;
    const [schema, to] = [schemaOf(bot), `"${role.replaceAll('"', '""')}"`];
    await session.script(`
      GRANT USAGE ON SCHEMA ${schema} TO ${to};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${to};
      GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${to}`);
  });
}

/**
 * Copies an inbox's file, which no server uses, into an inbox that is empty. The file is moved away then: its updates would be delivered twice.
 * @throws InboxError
 */
export async function copyInbox(path: string, address: string, bot: number, options: DatabaseOptions): Promise<Copied> {
  const { bot: owner } = describeInboxFile(path);
  if (owner !== bot) throw notOf(bot, path, owner);
  // It locks the file, and brings the ledger into it.
  const inbox = new SqliteInbox(path, bot, { line: lineOf(path) });
  await inbox.close();
  const copied = await visit(address, options, WHOLE, async (session, where) => {
    await openSchema(session, bot, where);
    await session.script(beginAlone(schemaOf(bot)));
    await refuseUsed(session, schemaOf(bot), where);
    const counts = await copyTables(session, schemaOf(bot), path);
    await session.script("COMMIT");
    return counts;
  });
  const moved = `${path}.copied`;
  for (const end of ["", "-wal", "-shm", "-ledger", "-lock"]) {
    if (existsSync(path + end)) renameSync(path + end, moved + end);
  }
  return { ...copied, moved };
}

function lineOf(path: string): LineKind {
  return guarded("read", path, () => {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      return (database.prepare("SELECT line FROM bot").get() as { line: LineKind }).line;
    } finally {
      database.close();
    }
  });
}

async function refuseUsed(session: Session, schema: string, where: string): Promise<void> {
  await refuseLiving(session, schema, where);
  const { rows } = await session.query({
    text: `SELECT FROM ${schema}.event UNION ALL SELECT FROM ${schema}.seen LIMIT 1`,
  });
  if (rows.length > 0)
    throw new InboxError(
      `the inbox in ${where} has updates already: only an empty one takes a copy; if they are those of this file, from a copy that was cut off, ` +
        `move the file away; if they may be lost, drop the schema ${schema}`,
    );
}

type RowValues = readonly (string | number | bigint | null)[];

/** Rows in one statement. */
const PAGE = 500;

async function copyTables(session: Session, schema: string, path: string): Promise<Omit<Copied, "moved">> {
  const file = new DatabaseSync(path, { readOnly: true });
  const copy = async (table: string, types: Readonly<Record<string, string>>, select: string, more = "") => {
    const names = Object.keys(types);
    const into = `INSERT INTO ${schema}.${table} (${names.join(", ")}) ${more} SELECT * FROM`;
    const rows = file.prepare(select);
    rows.setReturnArrays(true);
    let count = 0;
    let page: RowValues[] = [];
    const flush = async () => {
      const arrays = names.map((name, i) => `$${i + 1}::${types[name]}[]`);
      const values = names.map((_, i) => page.map((row) => row[i]));
      if (page.length > 0) await session.query({ text: `${into} unnest(${arrays.join(", ")})`, values });
      count += page.length;
      page = [];
    };
    for (const row of rows.iterate() as Iterable<unknown>) {
      if (page.push(row as RowValues) === PAGE) await flush();
    }
    await flush();
    return count;
  };
  try {
    const address = { update_id: "bigint", kind: "text", line: "text", shard: "integer", chat: "bigint" };
    const end = { received_at: "bigint", saved: "text", body: "text" };
    const last = Number((file.prepare("SELECT max(seq) AS seq FROM event").get() as { seq: number | null }).seq ?? 0);
    await copy(
      "seen",
      { id: "bigint", first: "bigint", last: "bigint", since: "bigint" },
      "SELECT id, first, last, since FROM seen",
    );
    const events = await copy(
      "event",
      { seq: "bigint", ...address, attempts: "integer", deaths: "integer", orphaned: "integer", ...end },
      `SELECT seq, update_id, kind, line, shard, chat, attempts, deaths, orphaned, received_at, saved, CAST(body AS TEXT)
       FROM event ORDER BY seq`,
      "OVERRIDING SYSTEM VALUE",
    );
    // The calls of a dead letter are those of its number, which is beyond those of all events.
    const letters = await copy(
      "dead_letter",
      {
        seq: "bigint",
        ...address,
        hash: "text",
        attempts: "integer",
        reason: "text",
        log: "text",
        died_at: "bigint",
        ...end,
      },
      `SELECT id + ${last}, update_id, kind, line, shard, chat, hash, attempts, reason, log, died_at, received_at, saved,
              CAST(body AS TEXT) FROM dead_letter ORDER BY id`,
    );
    await copy(
      "call",
      { seq: "bigint", id: "bigint", method: "text", lane: "text", body: "text", answer: "text" },
      `SELECT CASE WHEN seq < 0 THEN ${last} - seq ELSE seq END, id, method, lane, body, answer FROM call`,
    );
    await copy(
      "stored_value",
      { key: "text", line: "text", chat: "bigint", written_at: "bigint", json: "text" },
      "SELECT key, line, chat, written_at, json FROM stored_value",
    );
    await session.query({
      text: `SELECT setval(pg_get_serial_sequence('${schema}.event', 'seq'), greatest(1,
        (SELECT coalesce(max(seq), 0) FROM ${schema}.event), (SELECT coalesce(max(seq), 0) FROM ${schema}.dead_letter)))`,
    });
    await session.query({ text: `UPDATE ${schema}.meta SET line = $1`, values: [lineOf(path)] });
    return { events, letters };
  } finally {
    file.close();
  }
}
