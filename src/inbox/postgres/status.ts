/** The state of an inbox as its database tells it to an onlooker: for `asgigram nodes`, `asgigram check` and the start's warnings. */

import type { Session } from "./connection.ts";
import { POLLER, schemaOf } from "./schema.ts";

export interface NodeRow {
  readonly name: string;
  readonly version: string;
  readonly shards: number;
  readonly polls: boolean;
  readonly unsettled: number;
  /** Seconds since it joined, and since it renewed its row. */
  readonly joined: number;
  readonly renewed: number;
  readonly isAlive: boolean;
}

/** The servers that share an inbox, by their names. @param ttl of a row: ms */
export async function readNodes(session: Session, bot: number, ttl: number): Promise<NodeRow[]> {
  const schema = schemaOf(bot);
  const { rows } = await session.query<NodeRow>({
    text: `
      SELECT n.name, n.version, n.unsettled, n.until >= now() AS "isAlive",
             count(l.shard) FILTER (WHERE l.shard >= 0) AS shards,
             count(l.shard) FILTER (WHERE l.shard = ${POLLER}) > 0 AS polls,
             extract(epoch FROM now() - n.since)::float8 AS joined,
             greatest(0, extract(epoch FROM now() - n.until + interval '${ttl} ms')::float8) AS renewed
      FROM ${schema}.node n LEFT JOIN ${schema}.lease l ON l.owner = n.id
      GROUP BY n.id, n.name, n.version, n.unsettled, n.until, n.since ORDER BY n.name, n.id`,
  });
  return rows;
}

export interface Safety {
  /** Settings with which a commit may be lost, in words. */
  readonly weaknesses: readonly string[];
  /** A commit waits for another machine. Storage that is replicated below the database is not seen. */
  readonly hasStandby: boolean;
}

export async function readSafety(session: Session): Promise<Safety> {
  const { rows } = await session.query<{ commit: string; fsync: string; standbys: string }>({
    text: `SELECT current_setting('synchronous_commit') AS commit, current_setting('fsync') AS fsync,
                  current_setting('synchronous_standby_names') AS standbys`,
  });
  const { commit, fsync, standbys } = rows[0]!;
  const isLocal = commit === "local" && standbys !== "";
  const weaknesses = [
    ...(commit === "off" ? ["synchronous_commit is off: a crash of the database loses the last updates"] : []),
    ...(isLocal ? ["synchronous_commit is local: a commit does not wait for the standby"] : []),
    ...(fsync === "off" ? ["fsync is off: a power cut may destroy the database"] : []),
  ];
  return { weaknesses, hasStandby: standbys !== "" && commit !== "off" && !isLocal };
}
