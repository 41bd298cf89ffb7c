/** The servers that share an inbox, asked for by somebody who takes no part. */

import { InboxError } from "../../protocol/errors.ts";
import { TTL } from "./claim.ts";
import { Connection, type Session } from "./connection.ts";
import { Database, type DatabaseOptions } from "./database.ts";
import { readMeta } from "./schema.ts";
import { type NodeRow, readNodes, readSafety } from "./status.ts";

/** Time for an answer: ms. */
const PATIENCE = 10_000;

/** @throws InboxError */
export async function listNodes(address: string, bot: number, options: DatabaseOptions): Promise<NodeRow[]> {
  return await ask(address, options, async (session, where) => {
    const meta = await readMeta(session, bot, where);
    if (meta === undefined) throw new InboxError(`there is no inbox of the bot ${bot} in ${where}`);
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
}

/** Looks at an inbox and changes nothing. @throws InboxError if it cannot be used */
export async function describeInbox(
  address: string,
  bot: number | undefined,
  options: DatabaseOptions,
): Promise<InboxFacts> {
  return await ask(address, options, async (session, where) => {
    const { weaknesses } = await readSafety(session);
    const isThere = bot !== undefined && (await readMeta(session, bot, where)) !== undefined;
    const nodes = isThere ? await readNodes(session, bot, TTL) : [];
    return { isThere, nodes: nodes.filter(({ isAlive }) => isAlive).length, weaknesses };
  });
}

async function ask<T>(
  address: string,
  options: DatabaseOptions,
  question: (session: Session, where: string) => Promise<T>,
): Promise<T> {
  const database = await Database.at(address, options);
  const onFailure = (error: InboxError) => {
    throw error;
  };
  const connection = new Connection({ database, name: "nodes", patience: PATIENCE, pause: 1000, onFailure });
  await connection.open();
  try {
    return await connection.run((session) => question(session, database.shown));
  } finally {
    await connection.close();
  }
}
