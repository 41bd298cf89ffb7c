/**
 * Stores received updates: the ids that are not known yet, and the events, in one transaction. Servers append one after the other, by
 * a lock on the row of the poller's lease: so the numbers of events become visible in their order, and each id is looked for after
 * the append before it.
 *
 * A server that has been deposed as the poller may append once more: what the new one appends as well is known by its id.
 */

import type { ReceivedUpdate } from "../inbox.ts";
import { REMEMBERED_FOR, type Run, SeenIds } from "../seen-ids.ts";
import { columnsOf } from "./binary-array.ts";
import { channelOf } from "./channel.ts";
import type { Session } from "./connection.ts";
import { POLLER } from "./schema.ts";
import { BEGIN } from "./transaction.ts";

/** A run covers an hour, and is remembered from its end: ms. */
const OLDEST = REMEMBERED_FOR + 3_600_000;

/** Locks out other appends until the end of the transaction. */
export function lockAppends(schema: string): string {
  return `SELECT 1 FROM ${schema}.lease WHERE shard = ${POLLER} FOR UPDATE`;
}

/**
 * Stores those of the updates that are not known. It may be done twice.
 * @returns the shards of the new events, one for each
 */
export async function append(
  session: Session,
  schema: string,
  updates: readonly ReceivedUpdate[],
  received_at: number,
): Promise<readonly number[]> {
  const seen = await begin(session, schema, updates, received_at);
  const grown = new Set<Run>();
  const fresh = updates.filter(({ update_id }) => {
    if (seen.has(update_id)) return false;
    grown.add(seen.add(update_id, received_at));
    return true;
  });
  if (fresh.length > 0) await insert(session, schema, fresh, [...grown], received_at);
  const shards = fresh.map(({ shard }) => shard);
  await session.script(`${fresh.length > 0 ? `${notification(schema, shards)};` : ""} COMMIT`);
  return shards;
}

/** Locks, and reads the runs that the ids may be in or extend. */
async function begin(
  session: Session,
  schema: string,
  updates: readonly ReceivedUpdate[],
  now: number,
): Promise<SeenIds> {
  const ids = updates.map(({ update_id }) => update_id);
  const [least, most] = [Math.min(...ids), Math.max(...ids)];
  const [, , , , runs] = await session.script<Run>(`
    ${BEGIN};
    ${lockAppends(schema)};
    DELETE FROM ${schema}.seen WHERE since < ${now - OLDEST};
    SELECT id, first, last, since FROM ${schema}.seen
    WHERE (last >= ${least - 1} AND first <= ${most}) OR id = (SELECT max(id) FROM ${schema}.seen) ORDER BY id`);
  return new SeenIds(runs!.rows);
}

const RUN = { id: "bigint", first: "bigint", last: "bigint", since: "bigint" } as const;

const UPDATE = {
  update_id: "bigint",
  kind: "text",
  line: "text",
  shard: "integer",
  chat: "bigint",
  body: "text",
} as const;

async function insert(
  session: Session,
  schema: string,
  updates: readonly ReceivedUpdate[],
  runs: readonly Run[],
  received_at: number,
): Promise<void> {
  await session.query({
    name: "append",
    text: `
      WITH remembered AS (
        INSERT INTO ${schema}.seen (id, first, last, since)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
        ON CONFLICT (id) DO UPDATE SET last = excluded.last)
      INSERT INTO ${schema}.event (update_id, kind, line, shard, chat, body, received_at)
      SELECT r.update_id, r.kind, r.line, r.shard, r.chat, r.body, $5
      FROM unnest($6::bigint[], $7::text[], $8::text[], $9::integer[], $10::bigint[], $11::text[])
           WITH ORDINALITY AS r(update_id, kind, line, shard, chat, body, place)
      ORDER BY r.place`,
    values: [...columnsOf(runs, RUN), received_at, ...columnsOf(updates, UPDATE)],
  });
}

/** SQL that tells the servers of new events in these shards. */
export function notification(schema: string, shards: readonly number[]): string {
  return `NOTIFY ${channelOf(schema)}, '${[...new Set(shards)].join(" ")}'`;
}
