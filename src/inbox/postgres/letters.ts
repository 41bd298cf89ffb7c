/** The statements about dead letters that the server makes itself. */

import type { Session } from "./connection.ts";
import { pgText } from "./pg.ts";

export interface UnreadableLetter {
  readonly hash: string;
  readonly reason: string;
  readonly now: number;
  readonly body: string;
}

/** Stores input that is no update, once. @param most of them are kept @returns false if it is there already */
export async function deadLetterUnreadable(
  session: Session,
  schema: string,
  { hash, reason, now, body }: UnreadableLetter,
  most: number,
): Promise<boolean> {
  const { rowCount } = await session.query({
    text: `
      INSERT INTO ${schema}.dead_letter (hash, attempts, reason, log, received_at, died_at, body)
      VALUES ($1, 0, $2, '', $3, $3, $4) ON CONFLICT (hash) DO NOTHING`,
    values: [hash, reason, now, pgText(body)],
  });
  if (rowCount === 0) return false;
  await session.query({
    text: `
      DELETE FROM ${schema}.dead_letter WHERE id IN
        (SELECT id FROM ${schema}.dead_letter WHERE hash IS NOT NULL ORDER BY id DESC OFFSET $1)`,
    values: [most],
  });
  return true;
}

/** Removes the dead letters beyond so many, and those that died before a time. */
export async function trim(session: Session, schema: string, most: number, before: number): Promise<void> {
  await session.query({
    text: `
      WITH old AS (
        DELETE FROM ${schema}.dead_letter
        WHERE died_at < $1 OR id IN (SELECT id FROM ${schema}.dead_letter ORDER BY id DESC OFFSET $2)
        RETURNING seq)
      DELETE FROM ${schema}.call USING old WHERE call.seq = old.seq`,
    values: [before, most],
  });
}
