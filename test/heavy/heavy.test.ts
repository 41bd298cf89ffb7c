import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { JobFacts } from "../../src/protocol/job-facts.ts";
import { eventually } from "../eventually.ts";
import { Flag, fixture, TestCaller, TestHeavy } from "./client.ts";

const WORK = fixture("work.ts");
const NAME = "test/fixtures/heavy/work.ts";

interface Place {
  threadId: number;
  calls: number;
}

const placeOf = (caller: TestCaller) => caller.call(WORK, "place").result as Promise<Place>;
const threadsOf = (heavy: TestHeavy) => heavy.status.reduce((sum, { threads }) => sum + threads, 0);

describe("generations", () => {
  test("a generation has its own threads, and the old ones end with the last worker of theirs", async () => {
    await using heavy = new TestHeavy();
    const sameGeneration = new TestCaller(heavy);
    const old = await placeOf(heavy.caller);
    assert.equal((await placeOf(sameGeneration)).threadId, old.threadId);
    const next = new TestCaller(heavy, 1);
    const fresh = await placeOf(next);
    assert.notEqual(fresh.threadId, old.threadId);
    assert.equal(fresh.calls, 1);
    assert.equal(threadsOf(heavy), 2);
    await heavy.caller.end();
    assert.equal((await placeOf(sameGeneration)).threadId, old.threadId);
    await sameGeneration.end();
    await eventually(
      () => threadsOf(heavy) === 1,
      () => threadsOf(heavy),
    );
    assert.equal((await placeOf(next)).threadId, fresh.threadId);
  });

  test("a reload that failed leaves nothing behind", async () => {
    await using heavy = new TestHeavy();
    await heavy.caller.load(WORK);
    const next = new TestCaller(heavy, 1);
    await next.load(WORK);
    assert.equal(threadsOf(heavy), 2);
    await next.end();
    await eventually(
      () => threadsOf(heavy) === 1,
      () => threadsOf(heavy),
    );
    await placeOf(heavy.caller);
  });

  test("threads outlive the death of the only worker", async () => {
    await using heavy = new TestHeavy();
    const { threadId } = await placeOf(heavy.caller);
    await heavy.caller.end();
    // The port's other end hears of it some turns later.
    for (let i = 0; i < 10; i++) await turn();
    assert.equal((await placeOf(new TestCaller(heavy))).threadId, threadId);
  });

  test("an old generation's last job is aborted, and its thread ends with it", async () => {
    await using heavy = new TestHeavy();
    const job = heavy.caller.call(WORK, "heed");
    await job.started;
    new TestCaller(heavy, 1);
    const over = once(job.port, "close");
    await heavy.caller.end();
    await over;
    assert.equal(threadsOf(heavy), 0);
  });
});

describe("room", () => {
  test("the first thread needs no room; the others start only if there is some, also later", async () => {
    let hasRoom = false;
    await using heavy = new TestHeavy({ hasRoom: () => hasRoom });
    await heavy.caller.load(WORK, { threads: 2 });
    assert.equal(threadsOf(heavy), 1);
    const flag = new Flag();
    const block = heavy.caller.call(WORK, "block", [flag.memory]);
    const waits = heavy.caller.call(WORK, "place");
    await block.started;
    assert.equal(await waits.ahead(), 0);
    assert.equal(threadsOf(heavy), 1);
    hasRoom = true;
    const next = heavy.caller.call(WORK, "place");
    await Promise.all([waits.result, next.result]);
    assert.equal(threadsOf(heavy), 2);
    flag.raise();
    await block.result;
  });

  test("shrink() ends idle threads, the first of a module last; a job starts one again", async () => {
    await using heavy = new TestHeavy();
    await heavy.caller.load(fixture("uses-table.ts"));
    await heavy.caller.load(WORK, { threads: 2 });
    assert.equal(threadsOf(heavy), 3);
    assert.ok(heavy.shrink());
    await eventually(
      () => threadsOf(heavy) === 2,
      () => threadsOf(heavy),
    );
    assert.deepEqual(
      heavy.status.map(({ threads }) => threads),
      [1, 1],
    );
    assert.ok(heavy.shrink() && heavy.shrink());
    await eventually(
      () => threadsOf(heavy) === 0,
      () => threadsOf(heavy),
    );
    assert.ok(!heavy.shrink());
    await placeOf(heavy.caller);
    assert.equal(threadsOf(heavy), 1);
  });

  test("without room an idle thread of another module ends for the first one of a module", async () => {
    const table = fixture("uses-table.ts");
    let hasRoom = true;
    await using heavy = new TestHeavy({ hasRoom: () => hasRoom });
    await heavy.caller.load(table);
    hasRoom = false;
    await placeOf(heavy.caller);
    const threads = () => heavy.status.map((module) => module.threads);
    await eventually(
      () => threads().join() === "0,1" && heavy.status[1]!.running === 0,
      () => heavy.status,
    );
    await heavy.caller.call(table, "increment").result;
    await eventually(() => threads().join() === "1,0", threads);
  });

  test("shrink() leaves a busy thread alone", async () => {
    await using heavy = new TestHeavy();
    const flag = new Flag();
    const block = heavy.caller.call(WORK, "block", [flag.memory]);
    await block.started;
    assert.ok(!heavy.shrink());
    flag.raise();
    assert.equal(await block.result, "released");
  });
});

describe("the end", () => {
  test("drain() rejects jobs that wait or come, and lets those that run finish", async () => {
    await using heavy = new TestHeavy();
    const [flag, begun] = [new Flag(), new Flag()];
    const block = heavy.caller.call(WORK, "block", [flag.memory, begun.memory]);
    const waits = heavy.caller.call(WORK, "place");
    await begun.raised();
    await waits.ahead();
    const drained = heavy.drain();
    const stopping = { name: "DisconnectedError", code: "ASGIGRAM_DISCONNECTED" };
    await assert.rejects(waits.result, stopping);
    await assert.rejects(heavy.caller.call(WORK, "place").result, stopping);
    flag.raise();
    await drained;
    assert.equal(await block.result, "released");
  });

  test("drain() tells jobs that run, and one that heeds its signal ends", async () => {
    await using heavy = new TestHeavy();
    const begun = new Flag();
    const heeds = heavy.caller.call(WORK, "heed", [begun.memory]);
    await begun.raised();
    await heavy.drain();
    assert.match(String(await heeds.result), /^ended by DisconnectedError/);
  });

  test("close() ends jobs that run, and every thread, without a complaint", async () => {
    const said: string[] = [];
    const heavy = new TestHeavy({ words: { printed() {}, said: (...words) => said.push(words.join(" ")) } });
    const block = heavy.caller.call(WORK, "block", [new Flag().memory]);
    const child = new TestCaller(heavy, 1);
    await child.load(WORK, { process: true });
    await block.started;
    await heavy.close();
    assert.equal(threadsOf(heavy), 0);
    await assert.rejects(block.result, { name: "DisconnectedError" });
    assert.deepEqual(said, []);
  });

  test("idle threads and child processes do not keep the process alive, and a job does", () => {
    const code = `
      import { TestHeavy, TestCaller, fixture } from ${JSON.stringify(new URL("./client.ts", import.meta.url).href)};
      const heavy = new TestHeavy();
      const child = new TestCaller(heavy, 1);
      await child.load(fixture("work.ts"), { process: true });
      heavy.caller.port.unref();
      child.port.unref();
      const { result } = heavy.caller.call(fixture("work.ts"), "add", [1, 1]);
      void result.then((sum) => console.log("the sum is", sum));
    `;
    const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", code], {
      encoding: "utf8",
    });
    assert.deepEqual({ stdout, stderr, status }, { stdout: "the sum is 2\n", stderr: "", status: 0 });
  });
});

test("every job that had a thread is told with its outcome and its times", async () => {
  const ended: JobFacts[] = [];
  await using heavy = new TestHeavy({ diagnostics: { jobEnded: (job) => ended.push(job) } });
  const calls: Record<string, [args?: unknown[], timeout?: number]> = { add: [], fail: [], exit: [], heed: [[], 1] };
  for (const [name, [args = [], timeout = Number.POSITIVE_INFINITY]] of Object.entries(calls)) {
    await heavy.caller.call(WORK, name, args, { timeout }).result.catch(() => {});
  }
  const aborted = heavy.caller.call(WORK, "heed");
  await aborted.started;
  aborted.cancel();
  await eventually(
    () => ended.length === 5,
    () => ended,
  );
  assert.deepEqual(
    ended.map(({ function: name, outcome }) => `${name} ${outcome}`),
    ["add returned", "fail threw", "exit crashed", "heed timed_out", "heed aborted"],
  );
  assert.ok(ended.every(({ module, wait, duration }) => module === NAME && wait >= 0 && duration >= 0));
});
