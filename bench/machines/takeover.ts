/**
 * Two servers have 100,000 unsettled events of 1,000 chats in 256 shards. One of them is killed with -9: the time until the other one has
 * begun the next event of each of its shards.
 */

import { join } from "node:path";
import pg from "pg";
import { Simulator } from "../../simulator/index.ts";
import { PostgresInbox } from "../../src/inbox/postgres/postgres-inbox.ts";
import { SHARDS, shardOf } from "../../src/protocol/shard.ts";
import { eventually } from "../../test/eventually.ts";
import { Folder } from "../../test/folder.ts";
import { OPTIONS } from "../../test/inbox/postgres/database.ts";
import { received } from "../../test/inbox/received.ts";
import { Machine } from "../../test/machines/machine.ts";
import type { PostgresServer } from "../../test/postgres/postgres-server.ts";

const EVENTS = 100_000;
const CHATS = 1000;
const BATCH = 1000;

export interface TakeOver {
  readonly events: number;
  /** Shards of the killed server that have chats. */
  readonly shards: number;
  /** From the kill to the first and to the last beginning: seconds. */
  readonly first: number;
  readonly last: number;
}

export async function measureTakeOver(database: PostgresServer): Promise<TakeOver> {
  await using simulator = await Simulator.start({ historyPerChat: 1, callLog: 0 });
  using folder = new Folder();
  const bot = Number(simulator.token.split(":")[0]);
  const inbox = database.address();
  await fill(inbox, bot);
  const machine = (name: string) =>
    new Machine({
      name,
      inbox,
      token: simulator.token,
      apiUrl: simulator.url,
      path: folder.join(name),
      app: join(import.meta.dirname, "app.ts"),
      workers: 2,
    });
  const [victim, other] = [machine("victim"), machine("other")];
  try {
    await Promise.all([victim.serving(), other.serving()]);
    const owned = await sharesOf(inbox, bot);
    const chats = Array.from({ length: CHATS }, (_, i) => i + 1).filter((chat) => owned.has(shardOf(chat, SHARDS)));
    await eventually(
      () => chats.every((chat) => beginnings(victim).some((begun) => begun.chat === chat)),
      () => beginnings(victim),
    );
    const killed = Number(process.hrtime.bigint() / 1000n);
    victim.signal("SIGKILL");
    const firsts = await eventually(
      () => {
        const found = new Map<number, number>();
        for (const { at, chat } of beginnings(other)) {
          const shard = shardOf(chat, SHARDS);
          if (owned.has(shard) && at > killed)
            found.set(shard, Math.min(at, found.get(shard) ?? Number.POSITIVE_INFINITY));
        }
        return found.size === new Set(chats.map((chat) => shardOf(chat, SHARDS))).size && [...found.values()];
      },
      () => beginnings(other),
    );
    const since = (at: number) => (at - killed) / 1e6;
    return {
      events: EVENTS,
      shards: firsts.length,
      first: since(Math.min(...firsts)),
      last: since(Math.max(...firsts)),
    };
  } finally {
    for (const machine of [victim, other]) machine.signal("SIGKILL");
    await Promise.all([victim.ended, other.ended]);
  }
}

async function fill(address: string, bot: number): Promise<void> {
  const inbox = await PostgresInbox.open({ ...OPTIONS, address, bot });
  for (let from = 1; from <= EVENTS; from += BATCH) {
    const updates = Array.from({ length: BATCH }, (_, i) => {
      const message = {
        chat: { id: ((from + i) % CHATS) + 1, type: "private" },
        date: 1,
        message_id: 1,
        text: "hello",
      };
      return received({ update_id: from + i, message } as { update_id: number });
    });
    await inbox.append(updates);
  }
  await inbox.close();
}

/** The shards of the victim, when each server has half of them. */
async function sharesOf(address: string, bot: number): Promise<ReadonlySet<number>> {
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  try {
    const rows = await eventually(
      async () => {
        const { rows } = await client.query<{ shard: number }>(
          `SELECT shard FROM asgigram_${bot}.lease JOIN asgigram_${bot}.node ON id = owner WHERE name = 'victim' AND shard >= 0`,
        );
        return rows.length === SHARDS / 2 && rows;
      },
      () => client.query(`SELECT owner, count(*) FROM asgigram_${bot}.lease GROUP BY owner`).then(({ rows }) => rows),
    );
    return new Set(rows.map(({ shard }) => shard));
  } finally {
    await client.end();
  }
}

function beginnings({ events }: Machine): { at: number; chat: number }[] {
  return events
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const [at, chat] = line.split(" ").map(Number);
      return { at: at!, chat: chat! };
    });
}
