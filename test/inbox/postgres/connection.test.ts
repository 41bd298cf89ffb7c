/** Work on a connection whose database fails, with a driver that plays the database; and the end of a connection, with a server. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Connection, type ConnectionOptions } from "../../../src/inbox/postgres/connection.ts";
import { Database } from "../../../src/inbox/postgres/database.ts";
import { once } from "../../../src/inbox/postgres/once.ts";
import type { PgClient, PgQuery } from "../../../src/inbox/postgres/pg.ts";
import type { InboxError } from "../../../src/protocol/errors.ts";
import { Random } from "../../faults/random.ts";
import { CuttingProxy } from "../../machines/cutting-proxy.ts";
import { sharedServer } from "../../postgres/shared-server.ts";
import { isSettled } from "../../settled.ts";

const failure = (code: string) => Object.assign(new Error(code), { code });

type Answer = (text: string, name?: string) => unknown;

/** @param answers to statements, for each connection in turn: the last one goes on */
function bench(...answers: Answer[]) {
  return benchWith({}, ...answers);
}

function benchWith(options: Partial<ConnectionOptions>, ...answers: Answer[]) {
  const said: string[] = [];
  const failures: string[] = [];
  let opened = 0;
  const connect = async () => {
    const answer = answers[Math.min(opened++, answers.length - 1)]!;
    const query = async (query: string | PgQuery) => {
      const { text, name } = typeof query === "string" ? { text: query, name: undefined } : query;
      said.push(name === undefined ? text : `${name}: ${text}`);
      const result = await answer(text, name);
      return result ?? { rows: [], rowCount: 0 };
    };
    return { query, end: async () => {}, unref() {}, on() {}, connect: async () => {} } as unknown as PgClient;
  };
  const database = {
    shown: "postgres://db/bots",
    connect,
    isCurrent: () => true,
    distrust() {},
  } as unknown as Database;
  const connection = new Connection({
    database,
    name: "test",
    patience: 50,
    pause: 1,
    onFailure: ({ message }: InboxError) => failures.push(message),
    ...options,
  });
  return { connection, database, said, failures, opened: () => opened };
}

const fails =
  (code: string): Answer =>
  () => {
    throw failure(code);
  };
const works: Answer = () => undefined;

describe("work on a connection", () => {
  test("work is done one after the other", async () => {
    const { connection, said } = bench(works);
    await Promise.all(
      ["a", "b"].map((text) =>
        connection.run(async (session) => {
          await session.query({ text });
          await session.query({ text: `${text}${text}` });
        }),
      ),
    );
    assert.deepEqual(said, ["a", "aa", "b", "bb"]);
  });

  test("work is done again on a new connection after a failure that passes, and told", async () => {
    const { connection, said, failures, opened } = bench(fails("57P01"), fails("ECONNRESET"), works);
    await connection.run((session) => session.query({ text: "a" }));
    assert.deepEqual(said, ["a", "a", "a"]);
    assert.equal(opened(), 3);
    assert.equal(failures.length, 2);
  });

  test("a transaction that collided is undone and done again on the same connection, without a word", async () => {
    let count = 0;
    const { connection, said, failures, opened } = bench((text) => {
      if (text === "a" && ++count === 1) throw failure("40001");
    });
    await connection.run((session) => session.query({ text: "a" }));
    assert.deepEqual([said, opened(), failures], [["a", "ROLLBACK", "a"], 1, []]);
  });

  test("a statement that the connection has not prepared is sent without its name from then on", async () => {
    const { connection, said, failures } = bench((_, name) => {
      if (name !== undefined) throw failure("26000");
    });
    await connection.run((session) => session.query({ text: "a", name: "n" }));
    await connection.run((session) => session.query({ text: "b", name: "n" }));
    assert.deepEqual([said.map((text) => text.replace(/.+: /, "n: ")), failures], [["n: a", "a", "b"], []]);
  });

  test("a statement is prepared by a name that no other text has, also on connections of other bots", async () => {
    const names = new Set<string>();
    const { connection } = bench((_, name) => void names.add(name!));
    const { connection: other } = bench((_, name) => void names.add(name!));
    for (const [each, text] of [
      [connection, "SELECT 1 FROM a.event"],
      [connection, "SELECT 1 FROM a.event"],
      [other, "SELECT 1 FROM b.event"],
    ] as const)
      await each.run((session) => session.query({ text, name: "n" }));
    assert.equal(names.size, 2);
  });

  test("a connection that does not answer in time is given up", async () => {
    const { connection, opened } = bench(() => new Promise(() => {}), works);
    await connection.run((session) => session.query({ text: "a" }));
    assert.equal(opened(), 2);
  });

  test("a connection on which nothing answers from its first statement on is given up", async () => {
    let count = 0;
    const { connection, opened } = benchWith(
      { onOpen: () => (++count === 1 ? new Promise(() => {}) : Promise.resolve()) },
      works,
    );
    await connection.run((session) => session.query({ text: "a" }));
    assert.equal(opened(), 2);
  });

  test("a connection that does not answer is told to its database, and one that is not current is given up", async () => {
    const silent: PgClient[] = [];
    const { connection, opened, database } = bench(() => new Promise(() => {}), works);
    Object.assign(database, { distrust: (client: PgClient) => silent.push(client) });
    await connection.run((session) => session.query({ text: "a" }));
    assert.deepEqual([silent.length, opened()], [1, 2]);
    Object.assign(database, { isCurrent: () => false });
    await connection.run((session) => session.query({ text: "b" }));
    assert.equal(opened(), 3);
  });

  test("a transaction that collided, and is not undone in time, is done again on a new connection", async () => {
    const { connection, said } = bench((text) => (text === "a" ? fails("40001")(text) : new Promise(() => {})), works);
    await connection.run((session) => session.query({ text: "a" }));
    assert.deepEqual(said, ["a", "ROLLBACK", "a"]);
  });

  test("another failure rejects, and work behind it is done", async () => {
    const { connection } = bench((text) => (text === "a" ? fails("42501")(text) : undefined));
    const [first, second] = ["a", "b"].map((text) => connection.run((session) => session.query({ text })));
    await assert.rejects(first!, /postgres:\/\/db\/bots cannot be used: 42501; grant the right/);
    await second;
  });

  test("close() ends work that is done again and again", async () => {
    const { connection } = bench(fails("ECONNREFUSED"));
    const work = connection.run((session) => session.query({ text: "a" }));
    assert.equal(await isSettled(work), false);
    await connection.close();
    await assert.rejects(work, /was closed/);
  });
});

test("nothing waits for the goodbye of a host that has vanished", async (t) => {
  const server = new URL(await sharedServer());
  const random = new Random(1);
  await using old = await CuttingProxy.start(Number(server.port), random);
  await using next = await CuttingProxy.start(Number(server.port), random);
  const hosts = [old, next].map(({ port }) => `127.0.0.1:${port}`).join();
  const database = await Database.at(`postgres://postgres@${hosts}${server.pathname}?connect_timeout=120`);
  const connectionOf = (name: string) => {
    const connection = new Connection({ database, name, patience: 120_000, pause: 1, onFailure() {} });
    t.after(() => connection.close());
    return connection;
  };
  const use = (connection: Connection) => connection.run((session) => session.query({ text: "SELECT 1" }));
  const [idle, unused, other] = ["idle", "unused", "other"].map(connectionOf) as [Connection, Connection, Connection];
  for (const connection of [idle, unused]) await use(connection);
  old.hasVanished = true;
  // With this connection the next host is current.
  await use(other);
  await use(idle);
  await unused.close();
});

test("a connection that opens while it is being closed does not stay", async () => {
  const opening = Promise.withResolvers<PgClient>();
  const { connection, database } = bench(works);
  Object.assign(database, { connect: () => opening.promise });
  const work = connection.run((session) => session.query({ text: "a" }));
  assert.equal(await isSettled(work), false);
  await connection.close();
  let ends = 0;
  opening.resolve({ end: async () => void ends++ } as unknown as PgClient);
  await assert.rejects(work, /was closed/);
  assert.equal(ends, 1);
});

describe("a transaction that takes effect once", () => {
  const row = { schema: "s", node: "n" };
  const isCommit = (text: string) => text.endsWith("COMMIT");
  const isQuestion = (text: string) => text.startsWith("SELECT turn");
  /** @returns how often the work was done @param answers to the question for the mark that the first commit would leave */
  const run = async (...answers: ((mark: number) => readonly object[])[]) => {
    let [mark, count] = [0, 0];
    const { connection } = benchWith({ patience: 10_000 }, (text) => {
      if (isQuestion(text)) {
        const rows = answers.shift()!(mark);
        return { rows, rowCount: rows.length };
      }
      if (!isCommit(text) || mark !== 0) return;
      mark = Number(/turn = (\d+)/.exec(text)![1]);
      throw failure("ECONNRESET");
    });
    const result = await once(connection, row, async (session) => {
      await session.query({ text: "work" });
      return ++count;
    });
    assert.deepEqual([result, answers.length], [count, 0]);
    return count;
  };

  test("one whose commit was lost on the way back is not done again", async () => {
    assert.equal(await run((mark) => [{ turn: mark }]), 1);
  });

  test("the question for its outcome is asked again if the database fails meanwhile", async () => {
    const refuse = () => {
      throw failure("57P03");
    };
    assert.equal(await run(refuse, refuse, (mark) => [{ turn: mark }]), 1);
  });

  test("one that was not committed is done again, also if the server's row is gone", async () => {
    assert.equal(await run(() => [{ turn: 7 }]), 2);
    assert.equal(await run(() => []), 2);
  });
});
