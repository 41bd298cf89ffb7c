/**
 * Decides which leases a server takes and lets go, from a picture of all servers and leases. Pure: the database decides who gets a lease
 * that several servers try to take.
 *
 * A lease is free if it has no owner, or one without a row in `node`. Each server keeps its share: the shards by the number of the servers
 * that live, rounded up.
 */

import { SHARDS } from "../../protocol/shard.ts";
import { POLLER } from "./schema.ts";

export interface Node {
  readonly id: string;
  readonly name: string;
  /** False if it was not renewed in time. */
  readonly isAlive: boolean;
  /** It is about to stop: it takes nothing, and the others share its shards. */
  readonly isLeaving: boolean;
  /** Events that it has and that are unsettled. */
  readonly unsettled: number;
  /** Calls in a second that it would make, and that it may make as far as it knows (budget-share.ts). */
  readonly demand: number;
  readonly rate: number;
}

export interface Lease {
  readonly shard: number;
  readonly owner: string | null;
  readonly epoch: number;
}

export interface Picture {
  readonly nodes: readonly Node[];
  readonly leases: readonly Lease[];
}

export interface Plan {
  /** Servers whose rows are to be removed, so that their leases are free. */
  readonly dead: readonly string[];
  /** Leases to take, that of the poller included. */
  readonly claim: readonly number[];
  /** Shards to let go. */
  readonly release: readonly number[];
}

/**
 * @param me the server's id
 * @param isSteady the server has renewed its row in time for long enough: it may declare others dead
 */
export function planFor(me: string, { nodes, leases }: Picture, isSteady: boolean): Plan {
  const living = nodes.filter(({ id, isAlive }) => isAlive || id === me || !isSteady).map(({ id }) => id);
  const dead = nodes.map(({ id }) => id).filter((id) => !living.includes(id));
  const members = nodes.filter(({ id, isLeaving }) => living.includes(id) && !isLeaving).map(({ id }) => id);
  const share = shareOf(members.length);
  const shards = leases.filter(({ shard }) => shard !== POLLER);
  const isFree = ({ owner }: Lease) => owner === null || !living.includes(owner);
  const free = shards.filter(isFree).map(({ shard }) => shard);
  const owned = Map.groupBy(shards, ({ owner }) => owner);
  const mine = owned.get(me)?.map(({ shard }) => shard) ?? [];
  const isMember = members.includes(me);
  const poller = isMember && leases.some((lease) => lease.shard === POLLER && isFree(lease)) ? [POLLER] : [];
  const [from, count] = partOfFree(me, members, (id) => share - (owned.get(id)?.length ?? 0));
  return { dead, claim: [...poller, ...free.slice(from, from + count)], release: mine.slice(share) };
}

/** Shards that each of so many servers keeps at most. */
export function shareOf(nodes: number): number {
  return Math.ceil(SHARDS / Math.max(1, nodes));
}

/** The part of the free shards that is for a server: the servers before it, by id, have theirs first. */
function partOfFree(
  me: string,
  members: readonly string[],
  needOf: (id: string) => number,
): [from: number, count: number] {
  let from = 0;
  for (const id of members.toSorted()) {
    const need = Math.max(0, needOf(id));
    if (id === me) return [from, need];
    from += need;
  }
  return [from, 0];
}
