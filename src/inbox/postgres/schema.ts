/**
 * The tables of an inbox in PostgreSQL. Each bot has a schema of its own in the database: `asgigram_<bot id>`.
 *
 *   meta     the format, and the `--line` by which events have their lines
 *   node     the servers that share the inbox; a row lives as long as its server renews it. `turn` is the mark of once.ts.
 *   lease    the owner of each shard. A change of the owner raises the epoch.
 *   event    unsettled updates, with their addresses
 *   call     the calls that events and dead letters have made, by the number of the event
 *   dead_letter   events that are given up, and input that is no update. `seq` is the number that the event had
 *   seen     ids of received updates, as runs
 *   stored_value  what the code of events stores by key
 *
 * Within a major version of asgigram the format only grows: what is added has a default, so that older servers go on beside newer ones.
 */

import { InboxError } from "../../protocol/errors.ts";
import { SHARDS } from "../../protocol/shard.ts";
import type { Session } from "./connection.ts";
import { NoRightsError } from "./failure.ts";
import { BEGIN } from "./transaction.ts";

/** 2 has `node.turn`. */
export const FORMAT = 2;

/** A database with this or a higher format cannot be used by this version. */
const TOO_NEW = 100;

/** The number of the lease of the server that polls; shards have 0 and more. */
export const POLLER = -1;

/** The name of the bot's schema, as SQL. */
export function schemaOf(bot: number): string {
  return `asgigram_${bot}`;
}

const tables = (schema: string) => `
  CREATE TABLE ${schema}.meta (
    format integer NOT NULL,
    bot    bigint  NOT NULL PRIMARY KEY,
    line   text    NOT NULL DEFAULT 'chat'
  );
  CREATE TABLE ${schema}.node (
    id        text        NOT NULL PRIMARY KEY,
    name      text        NOT NULL,
    version   text        NOT NULL,
    since     timestamptz NOT NULL DEFAULT now(),
    until     timestamptz NOT NULL,
    unsettled bigint      NOT NULL DEFAULT 0,
    leaving   boolean     NOT NULL DEFAULT false,
    demand    float8      NOT NULL DEFAULT 0,
    rate      float8      NOT NULL DEFAULT 0,
    turn      bigint      NOT NULL DEFAULT 0
  ) WITH (fillfactor = 50);
  CREATE TABLE ${schema}.lease (
    shard integer NOT NULL PRIMARY KEY,
    owner text,
    epoch bigint  NOT NULL DEFAULT 0
  ) WITH (fillfactor = 50);
  CREATE TABLE ${schema}.event (
    seq         bigint  NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    update_id   bigint  NOT NULL,
    kind        text    NOT NULL,
    line        text    NOT NULL,
    shard       integer NOT NULL,
    chat        bigint  NOT NULL,
    attempts    integer NOT NULL DEFAULT 0,
    alone       boolean NOT NULL DEFAULT false,
    deaths      integer NOT NULL DEFAULT 0,
    orphaned    integer NOT NULL DEFAULT 0,
    retried     boolean NOT NULL DEFAULT false,
    received_at bigint  NOT NULL,
    saved       text,
    body        text    NOT NULL
  ) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
  CREATE INDEX event_of_shard ON ${schema}.event (shard, seq);
  CREATE INDEX event_alone ON ${schema}.event (shard) WHERE alone;
  CREATE TABLE ${schema}.dead_letter (
    id          bigint  NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    seq         bigint,
    update_id   bigint,
    kind        text,
    line        text,
    shard       integer,
    chat        bigint,
    hash        text UNIQUE,
    attempts    integer NOT NULL,
    reason      text    NOT NULL,
    log         text    NOT NULL,
    received_at bigint  NOT NULL,
    died_at     bigint  NOT NULL,
    saved       text,
    body        text    NOT NULL
  );
  CREATE TABLE ${schema}.call (
    seq    bigint NOT NULL,
    id     bigint NOT NULL,
    method text   NOT NULL,
    lane   text,
    body   text   NOT NULL,
    answer text,
    PRIMARY KEY (seq, id)
  ) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
  CREATE TABLE ${schema}.seen (
    id    bigint NOT NULL PRIMARY KEY,
    first bigint NOT NULL,
    last  bigint NOT NULL,
    since bigint NOT NULL
  );
  CREATE INDEX seen_last ON ${schema}.seen (last);
  CREATE TABLE ${schema}.stored_value (
    key        text   NOT NULL PRIMARY KEY,
    line       text,
    chat       bigint,
    written_at bigint NOT NULL,
    json       text   NOT NULL
  );
  CREATE INDEX stored_value_age ON ${schema}.stored_value (written_at);
  INSERT INTO ${schema}.lease (shard) SELECT generate_series(${POLLER}, ${SHARDS - 1});
`;

/** Additions of later formats, by format: nothing that an older server minds. */
const ADDITIONS: Readonly<Record<number, (schema: string) => string>> = {
  2: (schema) => `ALTER TABLE ${schema}.node ADD COLUMN IF NOT EXISTS turn bigint NOT NULL DEFAULT 0;`,
};

/** Any number: two servers that start at once do not make the tables at once. */
const MAKING = 0x61736769;

interface Meta {
  readonly format: number;
  readonly bot: number;
  readonly line: string;
}

/**
 * Makes the bot's schema if it is not there, and adds what a later format has.
 * @throws InboxError if it cannot be used by this version
 */
export async function openSchema(session: Session, bot: number, where: string): Promise<void> {
  const meta = await readMeta(session, bot, where);
  if (meta !== undefined && meta.format >= FORMAT) return;
  const schema = schemaOf(bot);
  await session.script(`${BEGIN}; SELECT pg_advisory_xact_lock(${MAKING})`);
  // Another server may have made it meanwhile.
  const found = await readMeta(session, bot, where);
  if (found === undefined) {
    await session.script(`
      ${(await exists(session, schema)) ? "" : `CREATE SCHEMA ${schema};`}
      ${tables(schema)}
      INSERT INTO ${schema}.meta (format, bot) VALUES (${FORMAT}, ${bot});
    `);
  } else await extend(session, schema, found.format);
  await session.script("COMMIT");
}

async function extend(session: Session, schema: string, from: number): Promise<void> {
  for (let format = from + 1; format <= FORMAT; format++) {
    await session.script(`${ADDITIONS[format]!(schema)} UPDATE ${schema}.meta SET format = ${format}`);
  }
}

/** @returns undefined if there is no inbox of the bot */
export async function readMeta(session: Session, bot: number, where: string): Promise<Meta | undefined> {
  const schema = schemaOf(bot);
  // By the catalog's rows: to_regclass() may have kept its answer from before another server made the tables.
  const { rows: there } = await session.query({
    text: `SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = 'meta'`,
    values: [schema],
  });
  if (there.length === 0) return undefined;
  const { rows } = await session.query<Meta>({ text: `SELECT format, bot, line FROM ${schema}.meta` });
  const [meta] = rows;
  if (meta === undefined) throw new InboxError(`the schema ${schema} in ${where} is no inbox: its table meta is empty`);
  if (meta.bot !== bot) {
    throw new InboxError(
      `the schema ${schema} in ${where} is the inbox of the bot ${meta.bot}, not of ${bot}: it was renamed`,
    );
  }
  if (meta.format >= TOO_NEW) {
    throw new InboxError(
      `the inbox in ${where} was made by a newer asgigram (format ${meta.format}, this one knows those below ${TOO_NEW}); update asgigram`,
    );
  }
  return meta;
}

/** Asks if a start may make the tables, or add what they lack. @throws NoRightsError if its role may not */
export async function requireRights(session: Session, bot: number, found: Meta | undefined): Promise<void> {
  if (found !== undefined && found.format >= FORMAT) return;
  const { rows } = await session.query<{ isOwner: boolean | null; inSchema: boolean | null; inDatabase: boolean }>({
    text: `
      SELECT (SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname = $1 AND c.relname = 'node') AS "isOwner",
             (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = $1) AS "inSchema",
             has_database_privilege(current_database(), 'CREATE') AS "inDatabase"`,
    values: [schemaOf(bot)],
  });
  const { isOwner, inSchema, inDatabase } = rows[0]!;
  if (isOwner ?? inSchema ?? inDatabase) return;
  throw new NoRightsError(`the role may not ${found === undefined ? "make" : "change"} the tables`);
}

/** @throws InboxError if there is no inbox of the bot */
export async function requireMeta(session: Session, bot: number, where: string): Promise<Meta> {
  const meta = await readMeta(session, bot, where);
  if (meta === undefined) throw new InboxError(`there is no inbox of the bot ${bot} in ${where}`);
  return meta;
}

async function exists(session: Session, schema: string): Promise<boolean> {
  const { rows } = await session.query({ text: "SELECT 1 FROM pg_namespace WHERE nspname = $1", values: [schema] });
  return rows.length > 0;
}
