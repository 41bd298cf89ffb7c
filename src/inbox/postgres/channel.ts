/** The channel on which servers tell one another of new events and of leases that are free. A lost message costs a pause of the poll. */

import type { PgClient } from "./pg.ts";

export function channelOf(schema: string): string {
  return schema;
}

/** @param onShards called with the shards that have new events; without any, leases have changed */
export async function listen(
  client: PgClient,
  schema: string,
  onShards: (shards: readonly number[]) => void,
): Promise<void> {
  client.on("notification", ({ payload = "" }) => onShards(payload.split(" ").filter(Boolean).map(Number)));
  await client.query(`LISTEN ${channelOf(schema)}`);
}
