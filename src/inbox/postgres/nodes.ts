/** The servers that share an inbox, for an onlooker that takes no part. */

import { TTL } from "./claim.ts";
import type { DatabaseOptions } from "./database.ts";
import { readMeta, requireMeta, requireRights } from "./schema.ts";
import { type NodeRow, readNodes, readSafety } from "./status.ts";
import { visit } from "./visit.ts";

/** Time for an answer: ms. */
const PATIENCE = 10_000;

/** @throws InboxError */
export async function listNodes(address: string, bot: number, options: DatabaseOptions): Promise<NodeRow[]> {
  return await visit(address, options, PATIENCE, async (session, where) => {
    await requireMeta(session, bot, where);
    return await readNodes(session, bot, TTL);
  });
}

export interface InboxFacts {
  /** Its tables are there. */
  readonly isThere: boolean;
  /** Number of servers that share it now. */
  readonly nodes: number;
  /** Settings with which a commit may be lost, in words. */
  readonly weaknesses: readonly string[];
  /** A commit waits for another machine. */
  readonly hasStandby: boolean;
}

/** Looks at an inbox and changes nothing. @throws InboxError if it cannot be used */
export async function describeInbox(
  address: string,
  bot: number | undefined,
  options: DatabaseOptions,
): Promise<InboxFacts> {
  return await visit(address, options, PATIENCE, async (session, where) => {
    const safety = await readSafety(session);
    if (bot === undefined) return { isThere: false, nodes: 0, ...safety };
    const meta = await readMeta(session, bot, where);
    await requireRights(session, bot, meta);
    const nodes = meta === undefined ? [] : await readNodes(session, bot, TTL);
    return { isThere: meta !== undefined, nodes: nodes.filter(({ isAlive }) => isAlive).length, ...safety };
  });
}
