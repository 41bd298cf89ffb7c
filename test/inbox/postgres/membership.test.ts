/** Several servers at one inbox: leases, the fence, moves, the election. */

import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SHARDS, shardOf } from "../../../src/protocol/shard.ts";
import { eventually } from "../../eventually.ts";
import { Random } from "../../faults/random.ts";
import { CuttingProxy } from "../../machines/cutting-proxy.ts";
import { sharedServer } from "../../postgres/shared-server.ts";
import { isSettled } from "../../settled.ts";
import { Entries, turn } from "../entries.ts";
import { received } from "../received.ts";
import { Place } from "./database.ts";

const address = await sharedServer();

/** A message of each of so many chats. */
const messages = (count: number, from = 1) =>
  Array.from({ length: count }, (_, i) =>
    received({ update_id: from + i, message: { chat: { id: i + 1 } } } as { update_id: number }),
  );

/** Entries of a server that is asked to let shards go. */
class Receiver extends Entries {
  readonly revoked: number[] = [];
  /** Resolves when the application is done. */
  work: Promise<void> = Promise.resolve();

  override async onRevoked(shard: number): Promise<void> {
    this.revoked.push(shard);
    await this.work;
  }
}

async function join(place: Place, options = {}) {
  const [inbox, entries] = [await place.open(options), new Receiver()];
  await inbox.start(entries);
  return { inbox, entries };
}

const shares = async (place: Place) => {
  const rows = await place.sql<{ count: number }>(
    // Shards that were let go have no owner for a moment.
    "SELECT count(*)::int AS count FROM $lease WHERE shard >= 0 AND owner IS NOT NULL GROUP BY owner ORDER BY count",
  );
  return rows.map(({ count }) => count);
};

describe("servers that share an inbox", () => {
  test("each has its share, and gets its events, in order and once, whoever appends", async (t) => {
    const place = new Place(t, address);
    const first = await join(place);
    await first.inbox.append(messages(300));
    await first.entries.until(300);
    const second = await join(place);
    await eventually(
      async () => String(await shares(place)) === "128,128",
      () => shares(place),
    );
    assert.equal(first.entries.revoked.length, SHARDS / 2);
    const ofSecond = (shard: number) => first.entries.revoked.includes(shard);
    // What the first one had of them is the second one's now.
    const moved = first.entries.all.filter(({ shard }) => ofSecond(shard));
    await second.entries.until(moved.length);
    assert.deepEqual(
      second.entries.seqs,
      moved.map(({ seq }) => seq),
    );
    assert.ok(second.entries.all.every(({ origin }) => origin === "recovered"));
    await second.inbox.append(messages(300, 301));
    const [kept, others] = [600 - 300 + 300 - moved.length, 2 * moved.length];
    await Promise.all([first.entries.until(kept), second.entries.until(others)]);
    const fresh = second.entries.all.slice(moved.length);
    assert.ok(fresh.every(({ shard, origin, body }) => ofSecond(shard) && origin === "received" && body !== undefined));
    assert.deepEqual(
      fresh.map(({ seq }) => seq),
      fresh.map(({ seq }) => seq).toSorted((one, other) => one - other),
    );
  });

  test("a shard stays until its application is done, and no event of it is handed over meanwhile", async (t) => {
    const place = new Place(t, address);
    const first = await join(place);
    const done = Promise.withResolvers<void>();
    first.entries.work = done.promise;
    const second = await join(place);
    await eventually(
      () => first.entries.revoked.length === SHARDS / 2,
      () => first.entries.revoked,
    );
    await first.inbox.append(messages(300));
    await delay(1200);
    assert.deepEqual(await shares(place), [SHARDS]);
    assert.deepEqual(second.entries.all, []);
    const count = first.entries.all.length;
    assert.ok(first.entries.all.every(({ shard }) => !first.entries.revoked.includes(shard)));
    done.resolve();
    await second.entries.until(300 - count);
  });

  test("one of them polls, and the other one as soon as it leaves", async (t) => {
    const place = new Place(t, address);
    const first = await join(place);
    await eventually(
      () => first.inbox.election.isElected,
      () => shares(place),
    );
    const second = await join(place);
    assert.equal(second.inbox.election.isElected, false);
    assert.equal(await second.inbox.election.isAlone(), false);
    await first.inbox.close();
    await eventually(
      () => second.inbox.election.isElected,
      () => shares(place),
    );
    assert.equal(await second.inbox.election.isAlone(), true);
    assert.deepEqual(await shares(place), [SHARDS]);
    assert.equal((await place.sql("SELECT * FROM $node")).length, 1);
  });

  test("a server that retires lets each shard go as its application is done, and takes nothing more", async (t) => {
    const place = new Place(t, address);
    const first = await join(place);
    const second = await join(place);
    await eventually(
      async () => String(await shares(place)) === "128,128",
      () => shares(place),
    );
    const hanging = Promise.withResolvers<void>();
    const onRevoked = second.entries.onRevoked.bind(second.entries);
    let isFirst = true;
    second.entries.onRevoked = async (shard) => {
      await onRevoked(shard);
      if (isFirst) {
        isFirst = false;
        await hanging.promise;
      }
    };
    const retired = second.inbox.retire();
    await eventually(
      async () => String(await shares(place)) === `1,${SHARDS - 1}`,
      () => [first.inbox.share, second.inbox.share],
    );
    hanging.resolve();
    await retired;
    await eventually(
      async () => String(await shares(place)) === `${SHARDS}`,
      () => shares(place),
    );
  });

  test("a server that retires while it takes a shard hands over nothing more of it, and the other one has it all", async (t) => {
    const place = new Place(t, address);
    const first = await join(place);
    // In the half that the first server lets go, and more than are read at once.
    const chat = Array.from({ length: 1000 }, (_, i) => i + 1).find((id) => shardOf(id, SHARDS) === SHARDS - 1)!;
    const count = 5001;
    const message = (_: unknown, i: number) =>
      received({ update_id: i + 1, message: { chat: { id: chat } } } as { update_id: number });
    await first.inbox.append(Array.from({ length: count }, message));
    await first.entries.until(count);
    const taken: number[] = [];
    const info = (fields: { events?: number }) => taken.push(fields.events ?? 0);
    const [inbox, entries] = [await place.open({ log: { info, warn() {} } }), new Receiver()];
    const done = Promise.withResolvers<void>();
    entries.work = done.promise;
    let retired: Promise<void> | undefined;
    const late: number[] = [];
    const onEntry = entries.onEntry.bind(entries);
    entries.onEntry = (entry) => {
      if (entries.revoked.includes(entry.shard)) late.push(entry.seq);
      onEntry(entry);
      retired ??= inbox.retire();
    };
    await inbox.start(entries);
    await eventually(
      () => taken.some((events) => events > 0),
      () => taken,
    );
    assert.deepEqual([late.length, entries.all.length], [0, 1]);
    done.resolve();
    await retired;
    await first.entries.until(2 * count);
  });

  test("a poller that gives up is followed by another one", async (t) => {
    const place = new Place(t, address);
    const first = await join(place);
    await eventually(
      () => first.inbox.election.isElected,
      () => shares(place),
    );
    first.inbox.election.giveUp();
    assert.equal(first.inbox.election.isElected, true, "nobody else is there");
    const second = await join(place);
    await eventually(
      () => {
        first.inbox.election.giveUp();
        return second.inbox.election.isElected;
      },
      () => shares(place),
    );
    assert.equal(first.inbox.election.isElected, false);
  });
});

for (const isolation of ["read committed", "repeatable read", "serializable"]) {
  test(`servers that start at once at a new database, whose default is ${isolation}, make its tables once`, async (t) => {
    for (let round = 0; round < 5; round++) {
      const place = new Place(t, address);
      const own = await place.addressOf(isolation);
      await Promise.all(Array.from({ length: 4 }, () => place.open({ address: `${own}?connect_timeout=120` })));
    }
  });
}

describe("a server that is dead", () => {
  test("its shards move when it has not renewed for the time to live; what was alone is orphaned", async (t) => {
    const place = new Place(t, address);
    const before = await place.open();
    await before.append(messages(3));
    await place.sql(`
      INSERT INTO $node (id, name, version, until) VALUES ('ghost', 'ghost', '0', now() + interval '2 s');
      UPDATE $lease SET owner = 'ghost', epoch = 5;
      UPDATE $event SET attempts = 1, alone = (update_id = 2)`);
    const began = performance.now();
    const { entries } = await join(place);
    assert.deepEqual(entries.all, []);
    await entries.until(3);
    assert.ok(performance.now() - began >= 2000);
    assert.deepEqual(
      entries.all.map(({ orphaned }) => orphaned),
      [0, 1, 0],
    );
    // The poller's lease moves apart from those of the shards.
    const epochs = () =>
      place.sql("SELECT DISTINCT epoch::int FROM $lease").then((rows) => rows.map((row) => row.epoch));
    await eventually(async () => String(await epochs()) === "6", epochs);
  });
});

describe("a server that vanishes in the middle of a transaction, and whose connections stay", () => {
  /** Two servers. With the answer to a request that has the text, nothing of the first one reaches the database any more. */
  async function vanishing(t: TestContext, lastRequest: string) {
    const place = new Place(t, address);
    const url = new URL(address);
    const proxy = await CuttingProxy.start(Number(url.port), new Random(1));
    url.port = `${proxy.port}`;
    const first = await join(place, { address: `${url}?connect_timeout=120` });
    t.after(() => proxy[Symbol.asyncDispose]());
    await eventually(
      () => first.inbox.election.isElected,
      () => shares(place),
    );
    await first.inbox.append(messages(300));
    await first.entries.until(300);
    const second = await join(place);
    await eventually(
      async () => String(await shares(place)) === "128,128",
      () => shares(place),
    );
    proxy.lastRequest = lastRequest;
    return { place, proxy, first, second };
  }

  test("another one polls and appends, and has its shards, when its lease is over", async (t) => {
    const { place, proxy, first, second } = await vanishing(t, "lease WHERE shard = -1 FOR UPDATE");
    first.inbox.append(messages(300, 301)).catch(() => {});
    await eventually(
      () => proxy.hasVanished,
      () => shares(place),
    );
    await eventually(
      () => second.inbox.election.isElected,
      () => shares(place),
    );
    await eventually(
      async () => String(await shares(place)) === `${SHARDS}`,
      () => shares(place),
    );
    await second.inbox.append(messages(300, 601));
    await second.entries.until(600);
    assert.equal((await place.sql("SELECT FROM $event WHERE update_id BETWEEN 301 AND 600")).length, 0);
  });

  test("its shards move although its last turn has locked their leases", async (t) => {
    const { place, proxy, first, second } = await vanishing(t, "FOR SHARE");
    const { seq } = first.entries.all.find(({ shard }) => !first.entries.revoked.includes(shard))!;
    first.inbox.record(turn({ begun: [{ seq, alone: false }], died: [seq] })).catch(() => {});
    await eventually(
      () => proxy.hasVanished,
      () => shares(place),
    );
    await eventually(
      async () => String(await shares(place)) === `${SHARDS}`,
      () => shares(place),
    );
    await second.entries.until(300);
  });

  test("its poller's lease, which an append holds, keeps no shard from another one", async (t) => {
    const place = new Place(t, address);
    await place.open();
    const holder = await place.hold("SELECT FROM $lease WHERE shard = -1 FOR UPDATE");
    const { inbox } = await join(place);
    assert.deepEqual(await shares(place), [SHARDS]);
    assert.equal(inbox.election.isElected, false);
    await holder.release();
    await eventually(
      () => inbox.election.isElected,
      () => shares(place),
    );
  });
});

describe("the fence", () => {
  test("a beginning is refused as soon as the shard has another owner, and settlements count", async (t) => {
    const place = new Place(t, address);
    const { inbox, entries } = await join(place);
    await inbox.append(messages(2));
    const [one, two] = (await entries.until(2)) as [Entries["all"][number], Entries["all"][number]];
    assert.notEqual(one.shard, two.shard);
    await place.sql(`INSERT INTO $node (id, name, version, until) VALUES ('other', 'other', '0', now() + interval '1 h');
      UPDATE $lease SET owner = 'other', epoch = epoch + 1 WHERE shard = ${one.shard}`);
    const begun = [one, two].map(({ seq }) => ({ seq, alone: false }));
    assert.deepEqual(await inbox.record(turn({ begun })), [one.seq]);
    assert.deepEqual(
      (await place.sql("SELECT attempts FROM $event ORDER BY seq")).map(({ attempts }) => attempts),
      [0, 1],
    );
    await eventually(
      () => entries.revoked.includes(one.shard),
      () => entries.revoked,
    );
    await inbox.record(turn({ settled: [one.seq] }));
    assert.equal((await place.sql("SELECT * FROM $event")).length, 1);
  });

  test("an event that the server before settles late does not begin any more", async (t) => {
    const place = new Place(t, address);
    const first = await join(place);
    await first.inbox.append(messages(1));
    const [{ seq }] = (await first.entries.until(1)) as [Entries["all"][number]];
    const begun = [{ seq, alone: false }];
    await first.inbox.record(turn({ begun }));
    // The first server hears nothing of it while it works.
    first.entries.work = new Promise(() => {});
    await place.sql("DELETE FROM $node");
    const second = await join(place);
    await second.entries.until(1);
    await first.inbox.record(turn({ settled: [seq] }));
    assert.deepEqual(await second.inbox.record(turn({ begun })), [seq]);
    assert.equal(second.inbox.share.refused, 1);
  });

  test("a beginning, and a call, that is recorded while the lease is in doubt waits until it is certain", async (t) => {
    const place = new Place(t, address);
    const { inbox, entries } = await join(place);
    await inbox.append(messages(1));
    const [{ seq }] = (await entries.until(1)) as [Entries["all"][number]];
    // Nobody can renew.
    const lock = await place.lock("node");
    await eventually(
      () => inbox.share.age > 3000,
      () => inbox.share.age,
    );
    await assert.rejects(inbox.check(), /./);
    const recorded = inbox.record(turn({ begun: [{ seq, alone: false }] }));
    await eventually(
      async () => (await place.sql("SELECT attempts FROM $event"))[0]!.attempts === 1,
      () => place.sql("SELECT attempts FROM $event"),
    );
    const call = { id: 1, method: "sendMessage", lane: "1", body: "hello" };
    const called = inbox.record(turn({ journal: [{ type: "called", seqs: [seq], call }] }));
    await eventually(
      async () => (await place.sql("SELECT FROM $call")).length === 1,
      () => place.sql("SELECT * FROM $call"),
    );
    for (const answer of [recorded, called]) assert.equal(await isSettled(answer), false);
    await lock.release();
    assert.deepEqual([await recorded, await called], [[], []]);
    await inbox.check();
  });

  test("a server whose row was removed does not come back to an inbox that has another --line by now", async (t) => {
    const place = new Place(t, address);
    const { entries } = await join(place);
    await place.sql("UPDATE $meta SET line = 'member'; DELETE FROM $node");
    const [error] = await eventually(
      () => entries.errors.length > 0 && entries.errors,
      () => entries.errors,
    );
    assert.match(error!.message, /share the inbox with --line member, this one has --line chat/);
    assert.deepEqual(await place.sql("SELECT * FROM $node"), []);
  });

  test("a server that starts while another one changes --line does not join with the old one", async (t) => {
    const place = new Place(t, address);
    const late = await place.open();
    const change = await place.hold("UPDATE $meta SET line = 'member'");
    const started = assert.rejects(late.start(new Entries()), /with --line member, this one has --line chat/);
    const waiting = () => place.sql("SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'");
    await eventually(async () => (await waiting()).length > 0, waiting);
    await change.release();
    await started;
  });

  test("a clock that is days wrong moves no lease, and refuses no beginning", async (t) => {
    const place = new Place(t, address);
    const [first, second] = [await join(place), await join(place)];
    await eventually(
      async () => String(await shares(place)) === "128,128",
      () => shares(place),
    );
    for (const days of [5, -5]) {
      t.mock.timers.enable({ apis: ["Date"], now: Date.now() + days * 86_400_000 });
      for (const { inbox } of [first, second]) assert.ok(inbox.share.age >= 0 && inbox.share.age < 86_400_000);
      await first.inbox.append(messages(20, days > 0 ? 1 : 21));
      const [{ end }] = (await place.sql("SELECT (max(until) + interval '1 s')::text AS end FROM $node")) as [
        { end: string },
      ];
      // Until each lease of now would be over.
      const early = () => place.sql(`SELECT until FROM $node WHERE until < '${end}' OR now() < '${end}'`);
      await eventually(async () => (await early()).length === 0, early);
      for (const { inbox, entries } of [first, second]) {
        assert.ok(entries.seqs.length > 0);
        assert.deepEqual(await inbox.record(turn({ begun: entries.seqs.map((seq) => ({ seq, alone: false })) })), []);
      }
      t.mock.timers.reset();
    }
    for (const { inbox } of [first, second]) assert.deepEqual([inbox.share.shards, inbox.share.moves.lost], [128, 0]);
  });

  test("a server whose row was removed loses everything, and gets it anew", async (t) => {
    const place = new Place(t, address);
    const { inbox, entries } = await join(place);
    await inbox.append(messages(2));
    await entries.until(2);
    const begun = entries.seqs.map((seq) => ({ seq, alone: false }));
    await inbox.record(turn({ begun }));
    await place.sql("DELETE FROM $node");
    await eventually(
      () => new Set(entries.revoked).size === SHARDS,
      () => entries.revoked,
    );
    await entries.until(4);
    assert.deepEqual(
      entries.all.slice(2).map(({ attempts, origin }) => [attempts, origin]),
      [
        [1, "recovered"],
        [1, "recovered"],
      ],
    );
    await eventually(
      () => inbox.election.isElected,
      () => shares(place),
    );
    assert.deepEqual(await inbox.record(turn({ begun })), []);
  });
});
