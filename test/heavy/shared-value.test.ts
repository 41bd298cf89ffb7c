import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../eventually.ts";
import { fixture, TestCaller, TestHeavy } from "./client.ts";

const TABLE = fixture("table.ts");

interface Table {
  numbers: SharedArrayBuffer;
  thread: number;
  hasJobs: boolean;
}

test("a value is made once, and its memory is shared by all who ask", async () => {
  await using heavy = new TestHeavy();
  const other = new TestCaller(heavy);
  const [one, two] = (await Promise.all([heavy.caller.share(TABLE), other.share(TABLE)])) as [Table, Table];
  const three = (await other.share(TABLE)) as Table;
  assert.equal(one.thread, two.thread);
  assert.equal(one.thread, three.thread);
  assert.ok(one.hasJobs);
  new Int32Array(one.numbers)[1] = 7;
  assert.deepEqual([...new Int32Array(two.numbers)], [42, 7]);
});

test("a heavy module waits for a value while it is imported, and shares its memory", async () => {
  await using heavy = new TestHeavy({ threads: 2 });
  await heavy.caller.load(fixture("uses-table.ts"));
  const table = (await heavy.caller.share(TABLE)) as Table;
  await heavy.caller.call(fixture("uses-table.ts"), "increment").result;
  assert.equal(await heavy.caller.call(fixture("uses-table.ts"), "increment").result, 2);
  assert.equal(new Int32Array(table.numbers)[1], 2);
});

test("a new generation makes its own value", async () => {
  await using heavy = new TestHeavy();
  const next = new TestCaller(heavy, 1);
  const [one, other] = (await Promise.all([heavy.caller.share(TABLE), next.share(TABLE)])) as [Table, Table];
  assert.notEqual(one.thread, other.thread);
});

test("the error of a value goes to all who ask, and the next who asks makes another attempt", async () => {
  await using heavy = new TestHeavy();
  const module = fixture("no-table.ts");
  const expected = { name: "Error", message: "the table is not there", code: "ENOENT" };
  for (let i = 0; i < 2; i++) await assert.rejects(heavy.caller.share(module), expected);
});

test("a value with a method cannot be shared", async () => {
  await using heavy = new TestHeavy();
  await assert.rejects(heavy.caller.share(fixture("method-table.ts")), { name: "DataCloneError" });
});

test("a module that cannot be loaded, or ends its thread, makes no value", async () => {
  await using heavy = new TestHeavy();
  await assert.rejects(heavy.caller.share(fixture("throws.ts")), { message: /it threw TypeError: no model$/ });
  await assert.rejects(heavy.caller.share(fixture("exits.ts")), { message: /process\.exit\(4\) was called$/ });
});

test("a thread that makes a value ends when it is made", async () => {
  let ended = 0;
  const count = (worker: import("node:worker_threads").Worker) => void worker.once("exit", () => (ended += 1));
  process.on("worker", count);
  try {
    await using heavy = new TestHeavy();
    await heavy.caller.share(TABLE);
    await eventually(
      () => ended === 1,
      () => ended,
    );
  } finally {
    process.off("worker", count);
  }
});
