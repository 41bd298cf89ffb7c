import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection } from "../../../src/inbox/postgres/connection.ts";
import { Database } from "../../../src/inbox/postgres/database.ts";
import type { PgResult } from "../../../src/inbox/postgres/pg.ts";
import { BEGIN, beginAlone } from "../../../src/inbox/postgres/transaction.ts";
import { eventually } from "../../eventually.ts";
import { sharedServer } from "../../postgres/shared-server.ts";
import { Place } from "./database.ts";

const address = await sharedServer();

test("a transaction that waits too long for its next message ends in the database, and is done again", async (t) => {
  const database = await Database.at(`${address}?connect_timeout=120`);
  const onlooker = await database.connect("onlooker");
  const connection = new Connection({ database, name: "late", patience: 120_000, pause: 1, onFailure() {} });
  t.after(() => Promise.all([onlooker.end(), connection.close()]));
  const sessions: number[] = [];
  await connection.run(async (session) => {
    const results = await session.script<{ pid: number }>(`${BEGIN}; SELECT pg_backend_pid() AS pid`);
    const { pid } = results.at(-1)!.rows[0]!;
    sessions.push(pid);
    const isThere = async () => {
      const { rows } = (await onlooker.query(`SELECT FROM pg_stat_activity WHERE pid = ${pid}`)) as PgResult;
      return rows.length > 0;
    };
    if (sessions.length === 1)
      await eventually(
        async () => !(await isThere()),
        () => `session ${pid} is there`,
      );
    await session.script("COMMIT");
  });
  assert.equal(sessions.length, 2);
});

test("the database ends each transaction whose machine has vanished, and each has the isolation that it was written for", async (t) => {
  const place = new Place(t, address);
  await (await place.open()).close();
  const database = await Database.at(`${await place.addressOf("serializable")}?connect_timeout=120`);
  const client = await database.connect("test");
  t.after(() => client.end());
  for (const [begin, idle] of [
    [BEGIN, "2s"],
    [beginAlone(place.schema), "1min"],
  ] as const) {
    const results = (await client.query(`${begin};
      SELECT current_setting('transaction_isolation') AS isolation,
             current_setting('idle_in_transaction_session_timeout') AS idle;
      COMMIT`)) as unknown as PgResult<object>[];
    assert.deepEqual({ ...results.at(-2)!.rows[0] }, { isolation: "read committed", idle });
  }
});
