import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { MemoryWatch } from "../../src/threads/memory-watch.ts";

const MB = 2 ** 20;

/** A process of so many megabytes, with workers of so many. */
function watched(t: TestContext, { limit = 100, workers = [10, 40, 30] } = {}) {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const it = {
    resident: 50,
    workers,
    recycled: [] as number[],
    said: [] as string[],
    /** What comes of it when a worker is recycled. */
    recycle: async (_worker: number) => {},
    async seconds(count: number) {
      for (let i = 0; i < count; i++) {
        t.mock.timers.tick(1000);
        await turn();
      }
    },
  };
  const log = (level: string) => (fields: object, message: string) => {
    it.said.push(`${level}: ${message} ${JSON.stringify(fields)}`);
  };
  const watch = new MemoryWatch({
    limit: limit * MB,
    resident: () => it.resident * MB,
    ofWorkers: () => it.workers.map((size) => size * MB),
    recycle: (worker) => {
      it.recycled.push(worker);
      return it.recycle(worker);
    },
    log: { warn: log("warn"), error: log("error") },
  });
  t.after(() => watch.stop());
  return it;
}

test("below the limit nothing happens", async (t) => {
  const it = watched(t);
  it.resident = 99;
  await it.seconds(1000);
  assert.deepEqual([it.recycled, it.said], [[], []]);
});

test("above it the worker that has the most is recycled, and the figures are told", async (t) => {
  const it = watched(t);
  it.resident = 120;
  it.recycle = async () => {
    it.resident = 80;
  };
  await it.seconds(100);
  assert.deepEqual(it.recycled, [1]);
  assert.deepEqual(it.said, [
    'warn: above --memory-limit: the worker that has the most memory is recycled {"worker":1,"resident":120,"limit":100,"memory":[10,40,30]}',
  ]);
});

test("if that is not enough the next one is, after a while, and each but once; then it is given up, and said so once", async (t) => {
  const it = watched(t);
  it.resident = 120;
  await it.seconds(14);
  assert.deepEqual(it.recycled, [1]);
  await it.seconds(10);
  assert.deepEqual(it.recycled, [1, 2]);
  await it.seconds(10_000);
  assert.deepEqual(it.recycled, [1, 2, 0]);
  const errors = it.said.filter((line) => line.startsWith("error"));
  assert.equal(errors.length, 1);
  assert.match(errors[0]!, /new workers do not bring the process below/);
});

test("workers that have been recycled and leak as fast as before are recycled again, for as long as that helps", async (t) => {
  const it = watched(t, { workers: [50, 40] });
  it.recycle = async (worker) => {
    it.workers[worker] = 10;
  };
  for (let second = 0; second < 120; second++) {
    it.workers = it.workers.map((size) => size + 2);
    it.resident = 75 + it.workers.reduce((sum, size) => sum + size, 0);
    await it.seconds(1);
  }
  assert.deepEqual(it.recycled.slice(0, 6), [0, 1, 0, 1, 0, 1]);
  assert.ok(!it.said.some((line) => line.startsWith("error")));
});

test("once it has been below the limit it all begins anew", async (t) => {
  const it = watched(t);
  it.resident = 120;
  await it.seconds(1000);
  it.resident = 90;
  await it.seconds(1);
  it.resident = 130;
  await it.seconds(2);
  assert.deepEqual(it.recycled, [1, 2, 0, 1]);
});

test("nothing is recycled while one is, however long that takes", async (t) => {
  const it = watched(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  it.resident = 120;
  it.recycle = () => promise;
  await it.seconds(100);
  assert.deepEqual(it.recycled, [1]);
  resolve();
  await it.seconds(20);
  assert.deepEqual(it.recycled, [1, 2]);
});

test("a process that goes up and down around the limit recycles four workers a minute at most", async (t) => {
  const it = watched(t);
  for (let second = 0; second < 600; second++) {
    it.resident = second % 4 < 2 ? 120 : 80;
    await it.seconds(1);
  }
  assert.ok(it.recycled.length > 10 && it.recycled.length <= 40, `${it.recycled.length}`);
});
