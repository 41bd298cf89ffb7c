import assert from "node:assert/strict";
import { test } from "node:test";
import { job, move, offload, shared } from "../../src/index.ts";

const work = offload<typeof import("../fixtures/heavy/work.ts")>("../fixtures/heavy/work.ts", { threads: 1 });

test("functions run in another thread of this process, with the module warmed up", async () => {
  const { isWarm, threadId, pid } = await work.place();
  assert.equal(isWarm, true);
  assert.notEqual(threadId, 0);
  assert.equal(pid, process.pid);
  assert.equal(await work.add(1, 2), 3);
  assert.equal(await work(21), 42);
});

test("what a function throws keeps its name, message, stack and plain keys", async () => {
  await assert.rejects(async () => work.fail(), {
    name: "RangeError",
    message: "too large",
    code: "E_LARGE",
    limit: { most: 3 },
    stack: /work\.ts/,
  });
});

test("a generator yields here what it yields there", async () => {
  const numbers: number[] = [];
  for await (const number of work.count(3)) numbers.push(number);
  assert.deepEqual(numbers, [1, 2, 3]);
});

test("move() empties the bytes here; others are copied", async () => {
  const [moved, copied] = [new Uint8Array(100), new Uint8Array(100)];
  await work.add(move(moved) as never, copied as never);
  assert.deepEqual([moved.byteLength, copied.byteLength], [0, 100]);
});

test("a call that is aborted rejects at once, and its thread is free again", async () => {
  const controller = new AbortController();
  const call = work.heed.with({ signal: controller.signal })();
  controller.abort(new DOMException("/cancel", "AbortError"));
  await assert.rejects(call, { name: "AbortError", message: "/cancel" });
  assert.equal(await work.add(1, 1), 2);
});

test("a time limit is a TimeoutError, and an endless loop ends by it", async () => {
  await assert.rejects(work.forever.with({ timeout: 50 })(), { name: "TimeoutError", message: /within 0\.05 s/ });
  assert.equal(await work.add(1, 1), 2);
});

test("a crash is a JobCrashedError of that call alone", async () => {
  await assert.rejects(work.exit(7), { name: "JobCrashedError", message: /exit\(\) of .*work\.ts did not finish/ });
  assert.equal(await work.add(1, 1), 2);
});

test("a value is shared by all who ask, from one run of its module", async () => {
  const one = await shared<typeof import("./fixtures/table.ts")>("./fixtures/table.ts");
  const other = await shared<typeof import("./fixtures/table.ts")>(new URL("./fixtures/table.ts", import.meta.url));
  assert.equal(new Int32Array(one.table)[0], 1);
  new Int32Array(one.table)[1] = 7;
  assert.equal(new Int32Array(other.table)[1], 7);
});

test("outside a job the signal is never aborted", () => {
  assert.equal(job.signal.aborted, false);
});
