/** The way back to one machine: the inbox of a database becomes a file. */

import { existsSync, rmSync } from "node:fs";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { InboxError } from "../../protocol/errors.ts";
import { openInboxFile, transaction } from "../sqlite-file.ts";
import { refuseLiving } from "./claim.ts";
import type { Session } from "./connection.ts";
import type { DatabaseOptions } from "./database.ts";
import { WHOLE } from "./patience.ts";
import { requireMeta, schemaOf } from "./schema.ts";
import { beginAlone } from "./transaction.ts";
import { visit } from "./visit.ts";

/** Rows that are in memory at once. */
const PAGE = 500;

export interface CopiedBack {
  readonly events: number;
  readonly letters: number;
  /** The new name of the bot's tables. */
  readonly schema: string;
}

/**
 * Copies an inbox, which no server uses, into a new file. Its schema is renamed then: its updates would be delivered twice. If anything fails
 * there is no file, and the inbox is as before.
 * @throws InboxError
 */
export async function copyInboxBack(
  address: string,
  path: string,
  bot: number,
  options: DatabaseOptions,
): Promise<CopiedBack> {
  if (existsSync(path)) throw new InboxError(`${path} is there already: name a file that is not, or move it away`);
  return await visit(address, options, WHOLE, async (session, where) => {
    const { line } = await requireMeta(session, bot, where);
    const schema = schemaOf(bot);
    const renamed = `${schema}_copied_${Date.now()}`;
    await session.script(beginAlone(schema));
    await refuseLiving(session, schema, where);
    const file = openInboxFile(path, bot);
    try {
      const counts = await copyTables(session, schema, file, path);
      file.prepare("UPDATE bot SET line = ?").run(line);
      // With that the file is on the disk.
      file.close();
      await session.script(`ALTER SCHEMA ${schema} RENAME TO ${renamed}; COMMIT`);
      return { ...counts, schema: renamed };
    } catch (error) {
      if (file.isOpen) file.close();
      for (const end of ["", "-wal", "-shm"]) rmSync(path + end, { force: true });
      throw error;
    }
  });
}

/**
 * The tables of the file. The calls of a dead letter have its id there, as a negative number. Those without an answer may have been carried out: a
 * start would take them for calls that stand before others of their lane.
 */
const tables = (schema: string) => ({
  seen: `SELECT id, first, last, since FROM ${schema}.seen ORDER BY id`,
  event: `
    SELECT seq, update_id, kind, line, shard, chat, attempts, alone::integer AS alone, deaths, orphaned, received_at, saved, body
    FROM ${schema}.event ORDER BY seq`,
  dead_letter: `
    SELECT id, update_id, kind, line, shard, chat, hash, attempts, reason, log, received_at, died_at, saved, body
    FROM ${schema}.dead_letter ORDER BY id`,
  call: `
    SELECT c.id, coalesce(-d.id, c.seq) AS seq, c.method, c.lane, c.body,
           CASE WHEN d.id IS NULL THEN c.answer ELSE coalesce(c.answer, '') END AS answer
    FROM ${schema}.call c LEFT JOIN ${schema}.dead_letter d ON d.seq = c.seq ORDER BY c.seq, c.id`,
  stored_value: `SELECT key, line, chat, written_at, json FROM ${schema}.stored_value ORDER BY key`,
});

async function copyTables(
  session: Session,
  schema: string,
  file: DatabaseSync,
  path: string,
): Promise<Omit<CopiedBack, "schema">> {
  const counts: Record<string, number> = {};
  for (const [table, select] of Object.entries(tables(schema))) {
    await session.script(`DECLARE ${table}_rows CURSOR FOR ${select}`);
    counts[table] = 0;
    for (;;) {
      const { rows } = await session.query<FileRow>({ text: `FETCH ${PAGE} FROM ${table}_rows` });
      if (rows.length === 0) break;
      transaction(file, path, () => insert(file, table, rows));
      counts[table] += rows.length;
    }
  }
  return { events: counts.event!, letters: counts.dead_letter! };
}

type FileRow = Readonly<Record<string, SQLInputValue>>;

function insert(file: DatabaseSync, table: string, rows: readonly FileRow[]): void {
  const columns = Object.keys(rows[0]!);
  const values = columns.map((column) => `:${column}`);
  const statement = file.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${values.join(", ")})`);
  for (const row of rows) statement.run(row);
}
