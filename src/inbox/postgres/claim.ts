/** The statements about leases: joining, renewing, taking, letting go, leaving. Ids of servers are of letters and digits alone. */

import { InboxError } from "../../protocol/errors.ts";
import { channelOf } from "./channel.ts";
import type { Session } from "./connection.ts";
import type { Lease, Node, Picture } from "./plan.ts";
import { BEGIN } from "./transaction.ts";

/** Time for which a server's row lives without being renewed: ms. */
export const TTL = 4000;

const UNTIL = `now() + interval '${TTL} ms'`;

export interface Joining {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly line: string;
}

/** It waits for a server that brings the inbox to another `--line`. @throws InboxError if the inbox has another `--line` by now */
export async function join(session: Session, schema: string, { id, name, version, line }: Joining): Promise<void> {
  const { rows } = await session.query<{ line: string }>({
    text: `
      WITH inbox AS (SELECT line FROM ${schema}.meta FOR SHARE),
      joined AS (INSERT INTO ${schema}.node (id, name, version, until)
        SELECT $1, $2, $3, ${UNTIL} FROM inbox WHERE line = $4 ON CONFLICT DO NOTHING)
      SELECT line FROM inbox`,
    values: [id, name, version, line],
  });
  if (rows[0]!.line !== line) throw otherLine(rows[0]!.line, line);
}

/** @param line the setting of this server */
export function otherLine(found: string, line: string): InboxError {
  return new InboxError(
    `other servers share the inbox with --line ${found}, this one has --line ${line}: stop all of them to change it`,
  );
}

/**
 * Renews the server's row, and reads all rows when that is committed: of two servers that renew theirs at once, one sees both.
 * @returns undefined if others have removed the server's row: nothing is its any more, and the id is used up
 */
export async function renew(
  session: Session,
  schema: string,
  id: string,
  { unsettled, isLeaving, demand, rate }: Pick<Node, "unsettled" | "isLeaving" | "demand" | "rate">,
): Promise<Picture | undefined> {
  const [, renewed, , nodes, leases] = await session.script(`
    BEGIN;
    UPDATE ${schema}.node SET until = ${UNTIL}, unsettled = ${unsettled}, leaving = ${isLeaving}, demand = ${demand}, rate = ${rate}
    WHERE id = '${id}';
    COMMIT;
    SELECT id, name, until >= now() AS "isAlive", leaving AS "isLeaving", unsettled, demand, rate FROM ${schema}.node;
    SELECT shard, owner, epoch FROM ${schema}.lease ORDER BY shard`);
  if (renewed!.rowCount === 0) return undefined;
  return { nodes: nodes!.rows as Node[], leases: leases!.rows as Lease[] };
}

/** @returns the number of other servers that were renewed in time */
export async function countLiving(session: Session, schema: string, id: string): Promise<number> {
  const { rows } = await session.query<{ count: number }>({
    text: `SELECT count(*) AS count FROM ${schema}.node WHERE until >= now() AND id <> $1`,
    values: [id],
  });
  return rows[0]!.count;
}

/** @param where the address as it is shown @throws InboxError while servers use the inbox */
export async function refuseLiving(session: Session, schema: string, where: string): Promise<void> {
  if ((await countLiving(session, schema, "")) > 0)
    throw new InboxError(`servers use the inbox in ${where}: stop them first`);
}

/** Removes the rows of servers that were not renewed in time. Each is gone for good: its id does not come back. */
export async function bury(session: Session, schema: string, ids: readonly string[]): Promise<void> {
  await session.query({
    text: `DELETE FROM ${schema}.node WHERE id = ANY($1) AND until < now()`,
    values: [ids],
  });
}

/**
 * Takes leases that are free, and what the servers before have left of their events: those that were alone at a worker count as
 * orphaned; of the calls without an answer the first of each lane may have been sent, and those behind it were not.
 * @returns those that were taken. A lease that was taken by an attempt whose answer was lost is taken again.
 */
export async function claim(session: Session, schema: string, id: string, shards: readonly number[]): Promise<Lease[]> {
  await session.script(BEGIN);
  const { rows } = await session.query<Lease>({
    text: `
      UPDATE ${schema}.lease l SET owner = $1, epoch = l.epoch + 1
      WHERE l.shard = ANY($2::integer[])
        AND (l.owner IS NULL OR l.owner = $1 OR NOT EXISTS (SELECT FROM ${schema}.node n WHERE n.id = l.owner))
      RETURNING l.shard, l.owner, l.epoch`,
    values: [id, shards],
  });
  const taken = rows.map(({ shard }) => shard).filter((shard) => shard >= 0);
  if (taken.length > 0) await takeOver(session, schema, taken);
  await session.script("COMMIT");
  return rows;
}

async function takeOver(session: Session, schema: string, shards: readonly number[]): Promise<void> {
  const open = `
    SELECT c.seq, c.id, c.lane FROM ${schema}.call c JOIN ${schema}.event e ON e.seq = c.seq
    WHERE e.shard = ANY($1::integer[]) AND c.answer IS NULL`;
  await session.query({
    text: `UPDATE ${schema}.event SET orphaned = orphaned + 1, alone = false WHERE alone AND shard = ANY($1::integer[])`,
    values: [shards],
  });
  await session.query({
    text: `
      WITH open AS (${open}), first AS (SELECT lane, min(id) AS id FROM open GROUP BY lane)
      DELETE FROM ${schema}.call c USING open o JOIN first f ON f.lane = o.lane AND f.id <> o.id
      WHERE c.seq = o.seq AND c.id = o.id`,
    values: [shards],
  });
  await session.query({
    text: `
      WITH open AS (${open})
      UPDATE ${schema}.call c SET answer = '' FROM open o WHERE c.seq = o.seq AND c.id = o.id`,
    values: [shards],
  });
}

/** Lets leases go, and tells the other servers. */
export async function release(session: Session, schema: string, id: string, shards: readonly number[]): Promise<void> {
  await session.query({
    text: `UPDATE ${schema}.lease SET owner = NULL WHERE owner = $1 AND shard = ANY($2::integer[])`,
    values: [id, shards],
  });
  await session.script(`NOTIFY ${channelOf(schema)}`);
}

/** Lets everything go. */
export async function leave(session: Session, schema: string, id: string): Promise<void> {
  await session.script(`
    UPDATE ${schema}.lease SET owner = NULL WHERE owner = '${id}';
    DELETE FROM ${schema}.node WHERE id = '${id}';
    NOTIFY ${channelOf(schema)}`);
}
