/** The calls of unsettled events, in the ledger and in the database. */

import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, truncateSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, type TestContext, test } from "node:test";
import { DeadLetters } from "../../src/inbox/dead-letters.ts";
import { SqliteInbox } from "../../src/inbox/sqlite.ts";
import { type JournalFact, UNKNOWN } from "../../src/protocol/recorded-call.ts";
import { Folder } from "../folder.ts";
import { updates } from "./contract.ts";
import { Entries, turn } from "./entries.ts";
import { withoutDisk } from "./without-disk.ts";

const BOT = 1;

withoutDisk();

/** An inbox with unsettled events 1, 2, … */
async function start(t: TestContext, count: number) {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const folder = new Folder();
  t.after(() => folder[Symbol.dispose]());
  const path = folder.join("inbox.sqlite");
  const [inbox, entries] = [new SqliteInbox(path, BOT), new Entries()];
  t.after(() => inbox.close());
  await inbox.start(entries);
  await inbox.append(updates(...Array.from({ length: count }, (_, i) => i + 1)));
  const record = (...journal: JournalFact[]) => void inbox.record(turn({ journal }));
  let copies = 0;
  /** The entries that a process finds if this one dies now. */
  const afterDeath = async () => {
    const copy = folder.join(`copy-${++copies}.sqlite`);
    for (const end of ["", "-wal", "-ledger"]) {
      if (existsSync(path + end)) copyFileSync(path + end, copy + end);
    }
    const [next, found] = [new SqliteInbox(copy, BOT), new Entries()];
    await next.start(found);
    await next.close();
    return found.all;
  };
  /** The database takes over the ledger. */
  const look = () => t.mock.timers.tick(1000);
  return { path, inbox, entries, record, afterDeath, look };
}

const called = (id: number, { seqs = [1], lane = "5" as string | null, body = `call ${id}` } = {}): JournalFact => {
  return { type: "called", seqs, call: { id, method: "sendMessage", lane: lane ?? undefined, body } };
};
const answered = (id: number, seqs = [1]): JournalFact => ({ type: "answered", seqs, id, answer: `answer ${id}` });

/** The calls of an entry: their numbers and answers. */
const callsOf = ({ calls = [] }: { calls?: readonly { id: number; answer: string | undefined }[] } = {}) =>
  calls.map(({ id, answer }) => [id, answer]);

const rowsIn = (path: string): unknown[] => {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare("SELECT * FROM call").all();
  database.close();
  return rows;
};

for (const where of ["in the ledger", "in the database"]) {
  test(`calls and answers that are ${where} are there after the death of the process`, async (t) => {
    const { record, afterDeath, look } = await start(t, 2);
    record(called(1), called(2, { lane: null }), answered(1));
    if (where === "in the database") look();
    record(answered(2), called(3, { seqs: [2], lane: "6" }));
    if (where === "in the database") look();
    const [first, second] = await afterDeath();
    assert.deepEqual(first!.calls, [
      { id: 1, method: "sendMessage", lane: "5", body: "call 1", answer: "answer 1" },
      { id: 2, method: "sendMessage", lane: undefined, body: "call 2", answer: "answer 2" },
    ]);
    assert.deepEqual(callsOf(second), [[3, UNKNOWN]]);
  });
}

test("calls of settled events are not kept, in the ledger nor in the database", async (t) => {
  const { path, inbox, record, afterDeath, look } = await start(t, 3);
  record(called(1), answered(1));
  look();
  record(called(2, { seqs: [2] }));
  inbox.record(turn({ settled: [1, 2], journal: [called(3, { seqs: [3] })] }));
  inbox.record(turn({ settled: [3] }));
  assert.deepEqual(await afterDeath(), []);
  look();
  assert.deepEqual(rowsIn(path), []);
});

test("of calls without an answer the first of each lane is uncertain; the others were never sent", async (t) => {
  const { record, afterDeath } = await start(t, 2);
  record(called(1), answered(1), called(2, { seqs: [2] }), called(3), called(4, { lane: "6" }));
  record(called(5, { lane: null }), called(6, { lane: null }));
  const [first, second] = await afterDeath();
  const uncertain = [4, 5, 6].map((id) => [id, UNKNOWN]);
  assert.deepEqual(callsOf(first), [[1, "answer 1"], ...uncertain]);
  assert.deepEqual(callsOf(second), [[2, UNKNOWN]]);
});

test("a call that is dropped is not there", async (t) => {
  const { record, afterDeath, look } = await start(t, 1);
  record(called(1), called(2, { lane: "6" }));
  look();
  record({ type: "dropped", seqs: [1], id: 1 });
  assert.deepEqual(callsOf((await afterDeath())[0]), [[2, UNKNOWN]]);
});

test("a call of two events is one call, and goes with the second", async (t) => {
  const { inbox, record, afterDeath } = await start(t, 2);
  record(called(1, { seqs: [1, 2] }), answered(1, [1, 2]));
  const [first, second] = await afterDeath();
  assert.deepEqual(callsOf(first), [[1, "answer 1"]]);
  assert.equal(first!.calls![0], second!.calls![0]);
  inbox.record(turn({ settled: [1] }));
  assert.deepEqual(callsOf((await afterDeath())[0]), [[1, "answer 1"]]);
});

test("the latest state that an event saved is there", async (t) => {
  const { record, afterDeath, look } = await start(t, 2);
  record({ type: "saved", seqs: [1], json: '{"page":1}' });
  look();
  record({ type: "saved", seqs: [1], json: '{"page":2}' });
  const [first, second] = await afterDeath();
  assert.deepEqual([first!.saved, second!.saved], ['{"page":2}', undefined]);
});

test("a fact that was not written to its end is none, and those before it count", async (t) => {
  const { path, record, afterDeath } = await start(t, 1);
  record(called(1), answered(1));
  const whole = readFileSync(`${path}-ledger`);
  record(called(2, { body: "x".repeat(100) }));

  truncateSync(`${path}-ledger`, whole.byteLength + 64);
  assert.deepEqual(callsOf((await afterDeath())[0]), [[1, "answer 1"]]);
});

test("the ledger is taken over before it is long", async (t) => {
  const { path, record } = await start(t, 1);
  record(called(1, { body: "x".repeat(5 * 1024 * 1024) }));
  assert.equal(rowsIn(path).length, 1);
});

describe("a dead letter", () => {
  async function withLetter(t: TestContext) {
    const bench = await start(t, 2);
    const { path, inbox, record } = bench;
    record(called(1), answered(1), called(2), { type: "saved", seqs: [1], json: "7" });
    inbox.record(turn({ deadLettered: [{ seq: 1, reason: "Error", log: "" }] }));
    const letters = new DeadLetters(path);
    t.after(() => letters.close());
    return { ...bench, letters };
  }

  test("a retried one has its calls, and what it saved; a call that was under way is answered meanwhile", async (t) => {
    const { record, letters, look, entries } = await withLetter(t);
    record(answered(2));
    letters.retry([1]);
    look();
    const { calls, saved, origin } = entries.all.at(-1)!;
    assert.equal(origin, "retried");
    assert.deepEqual(callsOf({ calls: calls! }), [
      [1, "answer 1"],
      [2, "answer 2"],
    ]);
    assert.equal(saved, "7");
  });

  test("one that is retried with --fresh has none", async (t) => {
    const { path, letters, look, entries } = await withLetter(t);
    letters.retry([1], true);
    look();
    const { calls, saved } = entries.all.at(-1)!;
    assert.deepEqual([calls, saved], [undefined, undefined]);
    assert.deepEqual(rowsIn(path), []);
  });

  test("one that is dropped leaves none", async (t) => {
    const { path, letters } = await withLetter(t);
    letters.drop([1]);
    assert.deepEqual(rowsIn(path), []);
  });
});

test("when a chat is forgotten, nothing of the calls to it stays in any file", async (t) => {
  const { path, record, look } = await start(t, 2);
  record(called(1, { lane: "5", body: "a word to five" }), called(2, { lane: "5/business", body: "a word to five" }));
  record(called(3, { lane: "55", body: "a word to others" }));
  look();
  record(called(4, { lane: "5", body: "another word to five" }));
  look();
  const letters = new DeadLetters(path);
  letters.forget(5);
  letters.close();
  look();
  assert.deepEqual(
    rowsIn(path).map((row) => (row as { id: number }).id),
    [3],
  );
  const files = ["", "-wal", "-ledger"].map((end) => readFileSync(path + end, "latin1")).join("");
  assert.ok(files.includes("a word to others"));
  assert.ok(!files.includes("word to five"));
});
