/**
 * Has the planner find the rows of a turn by indexes. It would rather read the whole table of calls, which looks small to it: it does not
 * know of the rows that are dead, and most are.
 *
 * The setting is the connection's. Behind a pooler that connection serves other clients, too: nothing is set there. A pooler gives its
 * clients other process numbers than those of the database.
 */

import type { PgClient } from "./pg.ts";

export async function preferIndexes(client: PgClient): Promise<void> {
  await client.query({
    text: `SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = 'enable_seqscan' AND pg_backend_pid() = $1`,
    values: [client.processID],
  });
}
