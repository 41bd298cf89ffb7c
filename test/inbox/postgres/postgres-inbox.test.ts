/** The inbox in PostgreSQL, with a real server. */

import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { JournalFact } from "../../../src/protocol/recorded-call.ts";
import { eventually } from "../../eventually.ts";
import { sharedServer } from "../../postgres/shared-server.ts";
import { isSettled } from "../../settled.ts";
import { keepsTheContract, updates } from "../contract.ts";
import { Entries, turn } from "../entries.ts";
import { Place } from "./database.ts";

const address = await sharedServer();

keepsTheContract((t) => new Place(t, address).open());

/** An inbox with unsettled events 1, 2, … that have begun. */
async function begun(t: TestContext, count: number) {
  const place = new Place(t, address);
  const { inbox, entries } = await place.start();
  await inbox.append(updates(...Array.from({ length: count }, (_, i) => i + 1)));
  await entries.until(count);
  const { seqs } = entries;
  await inbox.record(turn({ begun: seqs.map((seq) => ({ seq, alone: false })) }));
  const record = (...journal: JournalFact[]) => inbox.record(turn({ journal }));
  /** The entries that the next server finds. */
  const next = async () => {
    await inbox.close();
    const { entries } = await place.start();
    return entries.all;
  };
  return { place, inbox, seqs, record, next };
}

const called = (id: number, seqs: readonly number[], lane: string | undefined = "5"): JournalFact => {
  return { type: "called", seqs, call: { id, method: "sendMessage", lane, body: `call ${id}` } };
};

test("it has no room while the servers have too much together; a signal ends the wait", async (t) => {
  const place = new Place(t, address);
  const one = await place.start({ limit: 2 });
  const other = await place.start({ limit: 2 });
  await one.inbox.append(updates(1, 2, 3));
  await eventually(
    () => other.inbox.fullSince !== undefined && one.inbox.fullSince !== undefined,
    () => [one.inbox.fullSince, other.inbox.fullSince],
  );
  const ending = new AbortController();
  const waits = one.inbox.room(ending.signal);
  assert.equal(await isSettled(waits), false);
  // It is stored nevertheless: the source that does not wait refuses what comes.
  assert.equal(await one.inbox.append(updates(4)), 1);
  ending.abort();
  await waits;
  await eventually(
    () => one.entries.seqs.length + other.entries.seqs.length === 4,
    () => [one.entries.seqs, other.entries.seqs],
  );
  for (const { inbox, entries } of [one, other]) await inbox.record(turn({ settled: entries.seqs }));
  await one.inbox.room(new AbortController().signal);
  assert.equal(one.inbox.fullSince, undefined);
});

test("an event of which nobody was told is found by a look", async (t) => {
  const place = new Place(t, address);
  const { entries } = await place.start();
  await place.sql(`
    INSERT INTO $event (update_id, kind, line, shard, chat, received_at, body) VALUES (1, 'message', 'chat:7', 3, 7, 0, '{}')`);
  await entries.until(1);
});

test("it is brought to another --line, however long that takes", async (t) => {
  const place = new Place(t, address);
  const before = await place.open();
  await before.append(updates(1));
  await before.close();
  const lock = await place.lock("stored_value");
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const warnings: string[] = [];
  const opened = place.open({ line: "topic", log: { info() {}, warn: (_, message) => warnings.push(message) } });
  await place.awaited("stored_value");
  t.mock.timers.tick(300_000);
  t.mock.timers.reset();
  await lock.release();
  await opened;
  assert.deepEqual(
    warnings.filter((message) => message.includes("does not answer")),
    [],
  );
  assert.deepEqual(
    (await place.sql("SELECT line FROM $meta")).map(({ line }) => line),
    ["topic"],
  );
});

test("of servers that start at once with another --line the first one brings it there", async (t) => {
  const place = new Place(t, address);
  await (await place.open()).close();
  const first = await place.hold(`
    LOCK TABLE $lease, $node IN ACCESS EXCLUSIVE MODE;
    UPDATE $meta SET line = 'topic';
    INSERT INTO $node (id, name, version, until) VALUES ('first', 'first', '0', 'infinity')`);
  const second = place.open({ line: "topic" });
  await place.awaited("lease");
  await first.release();
  await second;
});

describe("what the next server finds", () => {
  test("attempts, deaths and withdrawals are counted, and events that were alone as orphaned", async (t) => {
    const { inbox, seqs, next } = await begun(t, 4);
    const [one, two, three, four] = seqs as [number, number, number, number];
    await inbox.record(turn({ died: [one], withdrawn: [two], begun: [{ seq: three, alone: true }] }));
    await inbox.record(turn({ settled: [four] }));
    assert.deepEqual(
      (await next()).map(({ seq, origin, attempts, deaths, orphaned, body }) => [
        seq,
        origin,
        attempts,
        deaths,
        orphaned,
        body,
      ]),
      [
        [one, "recovered", 1, 1, 0, undefined],
        [two, "recovered", 0, 0, 0, undefined],
        [three, "recovered", 2, 0, 1, undefined],
      ],
    );
  });

  test("calls are there with their answers; the first of a lane without one is uncertain, and later ones are not", async (t) => {
    const { seqs, record, next } = await begun(t, 2);
    const [one, two] = seqs as [number, number];
    await record(called(1, [one, two]), { type: "answered", seqs: [one, two], id: 1, answer: "yes" }, called(2, [one]));
    await record(called(3, [one]), called(4, [two], "6"), called(5, [two], "6"), {
      type: "dropped",
      seqs: [two],
      id: 5,
    });
    await record({ type: "saved", seqs: [one], json: "1" }, { type: "saved", seqs: [one], json: '{"a":2}' });
    const [first, second] = await next();
    const callsOf = (entry = first) => entry!.calls?.map(({ id, answer }) => [id, answer]);
    assert.deepEqual(callsOf(first), [
      [1, "yes"],
      [2, ""],
    ]);
    assert.deepEqual(callsOf(second), [
      [1, "yes"],
      [4, ""],
    ]);
    assert.equal(first!.calls![0], second!.calls![0], "one call is one object");
    assert.deepEqual([first!.saved, second!.saved], ['{"a":2}', undefined]);
  });

  test("a call has a lane and a method that no database can store", async (t) => {
    const { seqs, record, next } = await begun(t, 1);
    const call = { id: 1, method: "send\0Message", lane: "@a\0", body: "\0" };
    await record({ type: "called", seqs, call });
    const [event] = await next();
    const stored = { id: 1, method: "send\ufffdMessage", lane: "@a\ufffd", body: "\ufffd", answer: "" };
    assert.deepEqual(event!.calls, [stored]);
  });

  test("calls of settled events are gone, also those of the same turn", async (t) => {
    const { place, inbox, seqs, record } = await begun(t, 2);
    const [one, two] = seqs as [number, number];
    await record(called(1, [one]));
    await inbox.record(turn({ settled: [one, two], journal: [called(2, [two])] }));
    assert.deepEqual(await place.sql("SELECT * FROM $call"), []);
    assert.deepEqual(await place.sql("SELECT * FROM $event"), []);
  });

  test("a dead letter has the attempts, the state and the reason of its turn, and keeps its calls", async (t) => {
    const { place, inbox, seqs, record } = await begun(t, 1);
    const [seq] = seqs as [number];
    await record(called(1, [seq]));
    const journal: JournalFact[] = [{ type: "saved", seqs, json: "3" }];
    const deadLettered = [{ seq, reason: "it threw \0 \ud800", log: "last words" }];
    await inbox.record(turn({ begun: [{ seq, alone: false }], journal, deadLettered }));
    await record({ type: "answered", seqs, id: 1, answer: "late" });
    const letters = await place.sql<{ reason: string }>(
      "SELECT seq::int, attempts, reason, log, saved FROM $dead_letter",
    );
    assert.deepEqual(
      { ...letters[0] },
      { seq, attempts: 2, reason: "it threw \ufffd \ufffd", log: "last words", saved: "3" },
    );
    assert.deepEqual(
      (await place.sql("SELECT answer FROM $call")).map(({ answer }) => answer),
      ["late"],
    );
    assert.deepEqual(await place.sql("SELECT * FROM $event"), []);
  });

  test("a value that was not written for its age is absent, and one of an event that another server settled is not stored", async (t) => {
    const place = new Place(t, address);
    const { inbox, entries } = await place.start({ valueAge: 60_000 });
    await inbox.append(updates(1, 2));
    const [one, two] = (await entries.until(2)).map(({ seq }) => seq) as [number, number];
    const write = (seq: number, key: string) => ({ settled: [seq], writes: [{ key, json: "1", seq, line: "chat:7" }] });
    await inbox.record(turn(write(one, "a")));
    assert.equal((await inbox.values(["a"])).size, 1);
    await place.sql(`UPDATE $stored_value SET written_at = written_at - 61000; DELETE FROM $event WHERE seq = ${two}`);
    assert.equal((await inbox.values(["a"])).size, 0);
    await inbox.record(turn(write(two, "b")));
    assert.deepEqual(
      (await place.sql("SELECT key FROM $stored_value")).map(({ key }) => key),
      ["a"],
    );
  });

  test("values that were not written for their age leave the database", async (t) => {
    const place = new Place(t, address);
    const { inbox } = await place.start({ valueAge: 60_000 });
    const write = (key: string) => ({ key, json: "1", seq: undefined, line: undefined });
    await inbox.record(turn({ writes: [write("old"), write("new")] }));
    await place.sql("UPDATE $stored_value SET written_at = written_at - 61000 WHERE key = 'old'");
    const keys = async () => (await place.sql("SELECT key FROM $stored_value")).map(({ key }) => key);
    await eventually(async () => String(await keys()) === "new", keys);
  });

  test("the oldest dead letters go beyond the limit, with their calls", async (t) => {
    const place = new Place(t, address);
    const { inbox, entries } = await place.start({ deadLetters: { count: 1, age: 1e12 } });
    await inbox.append(updates(1, 2));
    const [one, two] = (await entries.until(2)).map(({ seq }) => seq) as [number, number];
    await inbox.record(turn({ journal: [called(1, [one])] }));
    for (const seq of [one, two]) await inbox.record(turn({ deadLettered: [{ seq, reason: "?", log: "" }] }));
    assert.deepEqual(
      (await place.sql("SELECT seq::int FROM $dead_letter")).map(({ seq }) => seq),
      [two],
    );
    assert.deepEqual(await place.sql("SELECT * FROM $call"), []);
  });

  test("input that is no update is a dead letter once", async (t) => {
    const place = new Place(t, address);
    const inbox = await place.open();
    assert.equal(await inbox.deadLetterUnreadable("[1]", "no id"), true);
    assert.equal(await inbox.deadLetterUnreadable("[1]", "no id"), false);
    assert.equal((await place.sql("SELECT * FROM $dead_letter")).length, 1);
  });

  test("a stored body that is damaged is told when it is read, and is a dead letter", async (t) => {
    const place = new Place(t, address);
    const { inbox, entries } = await place.start();
    await inbox.append(updates(1, 2));
    const [one, two] = (await entries.until(2)).map(({ seq }) => seq) as [number, number];
    await place.sql(`UPDATE $event SET body = '{' WHERE seq = ${one}`);
    assert.deepEqual([...(await inbox.read([one, two])).keys()], [two]);
    assert.deepEqual(entries.unreadable, [1]);
    assert.equal((await place.sql("SELECT * FROM $dead_letter")).length, 1);
  });

  test("clear() drops what was received before a time, if no other server is there", async (t) => {
    const place = new Place(t, address);
    const first = await place.open();
    await first.append(updates(1));
    await place.sql("UPDATE $event SET received_at = 1000");
    await first.append(updates(2));
    assert.equal(await first.clear(2000), 1);
    await first.start(new Entries());
    const second = await place.open();
    assert.equal(await second.clear(), 0);
    await first.close();
    assert.equal(await second.clear(), 1);
  });
});
