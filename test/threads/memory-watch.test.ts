import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { MemoryWatch } from "../../src/threads/memory-watch.ts";

const MB = 2 ** 20;

/** A process with workers, in megabytes. Each worker reported its memory just now. */
function watched(t: TestContext, { limit = 100, workers = [10, 40, 30] } = {}) {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const it = {
    resident: 50,
    workers,
    /** Milliseconds since each worker's report. */
    ages: workers.map(() => 0),
    /** Milliseconds since each worker's start. */
    lifetimes: workers.map(() => 0),
    recycled: [] as number[],
    idleHeavyThreads: 0,
    said: [] as string[],
    /** Called when a worker is recycled. */
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
    ofWorkers: () =>
      it.workers.map((size, worker) => {
        return { bytes: size * MB, age: it.ages[worker]!, lifetime: it.lifetimes[worker]! };
      }),
    shrink: () => {
      if (it.idleHeavyThreads === 0) return false;
      it.idleHeavyThreads -= 1;
      return true;
    },
    recycle: (worker) => {
      it.recycled.push(worker);
      return it.recycle(worker);
    },
    log: { warn: log("warn"), error: log("error") },
  });
  t.after(() => watch.stop());
  return it;
}

test("a process below the limit recycles no worker", async (t) => {
  const it = watched(t);
  it.resident = 99;
  await it.seconds(1000);
  assert.deepEqual([it.recycled, it.said], [[], []]);
});

test("a process above the limit recycles its largest worker, and logs the figures", async (t) => {
  const it = watched(t);
  it.resident = 120;
  it.recycle = async () => {
    it.resident = 80;
  };
  await it.seconds(100);
  assert.deepEqual(it.recycled, [1]);
  assert.deepEqual(it.said, [
    'warn: above --memory-limit: the largest worker is recycled {"worker":1,"resident":120,"limit":100,"memory":[10,40,30]}',
  ]);
});

test("idle heavy threads end before a worker is recycled", async (t) => {
  const it = watched(t);
  it.idleHeavyThreads = 2;
  it.resident = 120;
  await it.seconds(3);
  assert.deepEqual([it.idleHeavyThreads, it.recycled], [0, []]);
  await it.seconds(1);
  assert.deepEqual(it.recycled, [1]);
});

test("the next worker is recycled after a pause if that was not enough, each worker once; then it is given up, with one line in the log", async (t) => {
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

test("recycled workers that leak as fast as before are recycled again, as long as that helps", async (t) => {
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

test("a process that was below the limit begins anew", async (t) => {
  const it = watched(t);
  it.resident = 120;
  await it.seconds(1000);
  it.resident = 90;
  await it.seconds(1);
  it.resident = 130;
  await it.seconds(2);
  assert.deepEqual(it.recycled, [1, 2, 0, 1]);
});

test("of workers with the same memory the oldest is recycled", async (t) => {
  const it = watched(t, { workers: [40, 40, 40] });
  it.lifetimes = [2, 3, 1];
  it.resident = 120;
  await it.seconds(1000);
  assert.deepEqual(it.recycled, [1, 0, 2]);
});

test("a process that is below the limit while a worker is replaced, and above it again then, does not begin anew", async (t) => {
  const it = watched(t, { workers: [40, 40] });
  it.resident = 120;
  const { promise, resolve } = Promise.withResolvers<void>();
  it.recycle = () => promise;
  await it.seconds(2);
  it.resident = 80;
  await it.seconds(5);
  it.resident = 120;
  resolve();
  await it.seconds(20);
  assert.deepEqual(it.recycled, [0, 1]);
});

test("one worker is recycled at a time, however long that takes", async (t) => {
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

describe("a report that is too old", () => {
  test("a worker whose report is older than two looks is waited for, and the new report decides", async (t) => {
    const it = watched(t);
    it.resident = 120;
    it.ages = [2001, 0, 0];
    await it.seconds(5);
    assert.deepEqual(it.recycled, []);
    it.workers = [90, 40, 30];
    it.ages = [0, 0, 0];
    await it.seconds(1);
    assert.deepEqual(it.recycled, [0]);
  });

  test("a report of two looks ago is new enough", async (t) => {
    const it = watched(t);
    it.resident = 120;
    it.ages = [2000, 2000, 2000];
    await it.seconds(2);
    assert.deepEqual(it.recycled, [1]);
  });

  test("five looks wait for it; the sixth recycles the largest worker as far as it is known", async (t) => {
    const it = watched(t);
    it.resident = 120;
    it.ages = [0, 60_000, 0];
    // The first look finds the process above the limit.
    await it.seconds(1 + 5);
    assert.deepEqual([it.recycled, it.said], [[], []]);
    await it.seconds(1);
    assert.deepEqual(it.recycled, [1]);
  });

  test("the looks count anew when all reports are new, and when the process was below the limit", async (t) => {
    for (const interruption of ["a new report", "below the limit"]) {
      const it = watched(t);
      const old = [0, 60_000, 0];
      it.resident = 120;
      it.ages = old;
      await it.seconds(1 + 4);
      if (interruption === "below the limit") {
        it.resident = 80;
        await it.seconds(1);
        it.resident = 120;
        await it.seconds(1);
      } else {
        it.ages = [0, 0, 0];
        await it.seconds(1);
        assert.deepEqual(it.recycled.splice(0), [1]);
        it.ages = old;
        // The pause after it, which ends with a look that may act.
        await it.seconds(14);
      }
      await it.seconds(5);
      assert.deepEqual(it.recycled, [], interruption);
      await it.seconds(1);
      assert.equal(it.recycled.length, 1, interruption);
      t.mock.timers.reset();
    }
  });
});
