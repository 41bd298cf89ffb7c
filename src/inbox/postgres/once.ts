/**
 * A transaction that takes effect once, also if the answer to its commit is lost: its outcome is asked for before it is done again.
 */

import { setTimeout as delay } from "node:timers/promises";
import type { Connection, Session } from "./connection.ts";

/** Pause between two questions: ms. */
const PAUSE = 50;

/** The failure of a question about a transaction with a number that was not given yet. */
const IN_THE_FUTURE = "22023";

export async function once<T>(connection: Connection, work: (session: Session) => Promise<T>): Promise<T> {
  let before: { readonly id: string; readonly result: T } | undefined;
  return await connection.run(async (session) => {
    if (before !== undefined && (await isCommitted(session, before.id))) return before.result;
    before = undefined;
    const [, ids] = await session.script<{ id: string }>("BEGIN; SELECT pg_current_xact_id()::text AS id");
    const result = await work(session);
    before = { id: ids!.rows[0]!.id, result };
    await session.script("COMMIT");
    return result;
  });
}

async function isCommitted(session: Session, id: string): Promise<boolean> {
  for (;;) {
    const status = await statusOf(session, id);
    if (status !== "in progress") return status === "committed";
    await delay(PAUSE);
  }
}

/** @returns undefined if the database does not know the transaction: a standby has become the primary, and did not get it */
async function statusOf(session: Session, id: string): Promise<string | null | undefined> {
  try {
    const { rows } = await session.query<{ status: string | null }>({
      text: "SELECT pg_xact_status($1::xid8) AS status",
      values: [id],
    });
    return rows[0]?.status;
  } catch (error) {
    if ((error as { code?: string }).code === IN_THE_FUTURE) return undefined;
    throw error;
  }
}
