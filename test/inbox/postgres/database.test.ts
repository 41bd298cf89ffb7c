/** The way to the host that takes writes, with hosts that fall silent. Two of them are names of one server: it does not matter which is asked. */

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { Database } from "../../../src/inbox/postgres/database.ts";
import type { PgClient, PgResult } from "../../../src/inbox/postgres/pg.ts";
import { eventually } from "../../eventually.ts";
import { Listener } from "../../network/listener.ts";
import { sharedServer } from "../../postgres/shared-server.ts";

const server = new URL(await sharedServer());

/** A host that passes requests on until one of them has that text, and is silent from then on. */
async function silentHost(text: string) {
  const open = new Set<Socket>();
  const listener = new Listener(
    createServer((client) => {
      open.add(client.on("close", () => open.delete(client)));
      const target = connect(Number(server.port), server.hostname);
      listener.keep(target);
      let isSilent = false;
      client.on("data", (bytes) => {
        isSilent ||= bytes.includes(text);
        if (!isSilent) target.write(bytes);
      });
      target.pipe(client);
      client.on("close", () => target.destroy());
    }),
  );
  await listener.listen(0, "127.0.0.1");
  return Object.assign(listener, { open });
}

async function databaseOf(...ports: number[]): Promise<Database> {
  const hosts = ports.map((port) => `127.0.0.1:${port}`).join();
  return await Database.at(`postgres://postgres@${hosts}${server.pathname}`);
}

async function portOf(client: PgClient): Promise<number> {
  const { rows } = (await client.query({ text: "SELECT 1 AS one" })) as PgResult<{ one: number }>;
  assert.equal(rows[0]!.one, 1);
  return (client as unknown as { port: number }).port;
}

test("a host that is silent before the log-in does not hold up the next one", async () => {
  await using silent = await silentHost("");
  const client = await (await databaseOf(silent.port, Number(server.port))).connect("test");
  assert.equal(await portOf(client), Number(server.port));
  assert.equal(silent.open.size, 1, "the silent host is still asked");
  await client.end();
});

test("a host that falls silent after the log-in is given up", async () => {
  await using silent = await silentHost("pg_is_in_recovery");
  await assert.rejects((await databaseOf(silent.port)).connect("test"), /no answer within 3 s/);
});

test("a host that did not answer is asked last, and connections to it are not current any more", async () => {
  await using other = await silentHost("nothing says this");
  const database = await databaseOf(other.port, Number(server.port));
  const first = await database.connect("test");
  assert.deepEqual([await portOf(first), database.isCurrent(first)], [other.port, true]);
  database.distrust(first);
  assert.equal(database.isCurrent(first), true, "another one may not be there");
  const second = await database.connect("test");
  assert.equal(await portOf(second), Number(server.port));
  assert.deepEqual(
    [first, second].map((client) => database.isCurrent(client)),
    [false, true],
  );
  await Promise.all([first.end(), second.end()]);
});

test("work that waits for a lock ends in the server when its connection is gone", async (t) => {
  const database = await databaseOf(Number(server.port));
  const [holder, onlooker, gone] = [
    await database.connect("a"),
    await database.connect("b"),
    await database.connect("gone"),
  ];
  t.after(() => Promise.all([holder.end(), onlooker.end()]));
  const number = randomInt(2 ** 31);
  await holder.query(`SELECT pg_advisory_lock(${number})`);
  const locks = async () => {
    const { rows } = (await onlooker.query(`
      SELECT granted FROM pg_locks WHERE locktype = 'advisory' AND objid = ${number}`)) as PgResult<{
      granted: boolean;
    }>;
    return rows;
  };
  const waits = async () => (await locks()).some(({ granted }) => !granted);
  const work = assert.rejects(async () => await gone.query(`SELECT pg_advisory_lock(${number})`));
  await eventually(waits, locks);
  await gone.end();
  await work;
  await eventually(async () => !(await waits()), locks);
});
