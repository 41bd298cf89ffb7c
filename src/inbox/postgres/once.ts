/**
 * A transaction that takes effect once, also if the answer to its commit is lost: it leaves a mark in the server's row, which is looked for
 * before it is done again. PostgreSQL's own number of the transaction would not do: after a crash or a fail-over that lost the
 * transaction, another one has its number.
 *
 * If others have removed the server's row meanwhile, it is done again.
 */

import { randomInt } from "node:crypto";
import type { Connection, Session } from "./connection.ts";
import { BEGIN } from "./transaction.ts";

/** The row in which the mark is left. */
export interface MarkedRow {
  readonly schema: string;
  /** Id of the server. */
  readonly node: string;
}

export async function once<T>(
  connection: Connection,
  row: MarkedRow,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const mark = randomInt(1, 2 ** 47);
  let before: { readonly result: T } | undefined;
  return await connection.run(async (session) => {
    if (before !== undefined && (await isCommitted(session, row, mark))) return before.result;
    before = undefined;
    await session.script(BEGIN);
    const result = await work(session);
    before = { result };
    await session.script(`UPDATE ${row.schema}.node SET turn = ${mark} WHERE id = '${row.node}'; COMMIT`);
    return result;
  });
}

/** The lock waits for the transaction, if it is still about to be committed. */
async function isCommitted(session: Session, { schema, node }: MarkedRow, mark: number): Promise<boolean> {
  const { rows } = await session.query<{ turn: number }>({
    text: `SELECT turn FROM ${schema}.node WHERE id = $1 FOR SHARE`,
    values: [node],
  });
  return rows[0]?.turn === mark;
}
