import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "../eventually.ts";
import { isSettled } from "../settled.ts";
import { Flag, fixture, type TestCall, TestCaller, TestHeavy } from "./client.ts";

const WORK = fixture("work.ts");

interface Place {
  isWarm: boolean;
  threadId: number;
  calls: number;
}

const placeOf = (heavy: TestHeavy) => heavy.caller.call(WORK, "place").result as Promise<Place>;

/** Names of the jobs in the order in which they start. */
function orderOf(jobs: Record<string, TestCall>): string[] {
  const order: string[] = [];
  for (const [name, { started }] of Object.entries(jobs)) void started.then(() => order.push(name));
  return order;
}

describe("a call", () => {
  test("a call runs an exported function, and the default export by the name of default", async () => {
    await using heavy = new TestHeavy();
    assert.equal(await heavy.caller.call(WORK, "add", [1, 2]).result, 3);
    assert.equal(await heavy.caller.call(WORK, "default", [4]).result, 8);
  });

  test("a call of what is no function rejects, and says what there is", async () => {
    await using heavy = new TestHeavy();
    const reject = (name: string, message: RegExp) =>
      assert.rejects(heavy.caller.call(WORK, name).result, { name: "TypeError", message });
    await reject("ad", /work\.ts has no export "ad"; did you mean "add"\?$/);
    await reject("notAFunction", /the export "notAFunction" of .*work\.ts is .*number.*, not a function$/);
  });

  test("an error keeps its name, message, stack and plain keys", async () => {
    await using heavy = new TestHeavy();
    const error = (await heavy.caller.call(WORK, "fail").result.catch((error) => error)) as Error;
    assert.equal(`${error}`, "RangeError: too large");
    assert.match(error.stack!, /at fail .*work\.ts/);
    assert.deepEqual({ ...error }, { code: "E_LARGE", limit: { most: 3 } });
  });

  test("a result that cannot be copied is an error of the call, and the thread goes on", async () => {
    await using heavy = new TestHeavy();
    await assert.rejects(heavy.caller.call(WORK, "unpostable").result, { name: "DataCloneError" });
    assert.equal((await placeOf(heavy)).calls, 1);
  });

  test("bytes of a result are moved, and shared memory stays shared", async () => {
    await using heavy = new TestHeavy();
    const given = (await heavy.caller.call(WORK, "give", [9]).result) as Uint8Array;
    assert.equal(given.byteLength, 9);
    assert.equal(await heavy.caller.call(WORK, "left").result, 0);
  });
});

describe("waiting jobs", () => {
  test("lines take turns, the jobs of a line start in order, and each knows how many are before it", async () => {
    await using heavy = new TestHeavy();
    const flag = new Flag();
    const block = heavy.caller.call(WORK, "block", [flag.memory]);
    await block.started;
    const jobs = Object.fromEntries(
      ["a1", "a2", "a3", "b1", "none1", "b2"].map((name) => {
        const line = name.startsWith("none") ? {} : { line: name[0]! };
        return [name, heavy.caller.call(WORK, "add", [0, 0], line)] as const;
      }),
    );
    const order = orderOf(jobs);
    const ahead = await Promise.all(Object.values(jobs).map((job) => job.ahead()));
    assert.deepEqual(ahead, [0, 3, 5, 1, 2, 4]);
    assert.deepEqual(order, []);
    assert.equal(await block.ahead(), 0, "a job that runs");
    flag.raise();
    await Promise.all(Object.values(jobs).map(({ result }) => result));
    assert.deepEqual(order, ["a1", "b1", "none1", "a2", "b2", "a3"]);
  });

  test("a full queue refuses a job, and the caller is told", async () => {
    await using heavy = new TestHeavy();
    await heavy.caller.load(WORK, { queue: 1 });
    const flag = new Flag();
    const block = heavy.caller.call(WORK, "block", [flag.memory]);
    const waits = heavy.caller.call(WORK, "add", [1, 1]);
    await assert.rejects(heavy.caller.call(WORK, "add", [2, 2]).result, {
      name: "QueueFullError",
      code: "ASGIGRAM_QUEUE_FULL",
    });
    flag.raise();
    assert.deepEqual(await Promise.all([block.result, waits.result]), ["released", 2]);
  });

  test("a job that is given up while it waits does not start", async () => {
    await using heavy = new TestHeavy();
    const flag = new Flag();
    const block = heavy.caller.call(WORK, "block", [flag.memory]);
    await block.started;
    const [first, second] = [heavy.caller.call(WORK, "place"), heavy.caller.call(WORK, "place")];
    first.cancel();
    assert.equal(await second.ahead(), 0);
    flag.raise();
    assert.equal(((await second.result) as Place).calls, 1);
    assert.ok(!(await isSettled(first.started)));
  });

  test("jobs whose caller's thread ends while they wait do not start", async () => {
    await using heavy = new TestHeavy();
    const flag = new Flag();
    const block = heavy.caller.call(WORK, "block", [flag.memory]);
    await block.started;
    const other = new TestCaller(heavy);
    const job = other.call(WORK, "place");
    await job.ahead();
    await other.end();
    // The heavy threads learn of it a moment later.
    await eventually(
      () => heavy.status[0]!.waiting === 0,
      () => heavy.status,
    );
    flag.raise();
    assert.equal((await placeOf(heavy)).calls, 1);
  });
});

describe("the threads", () => {
  test("a module is loaded when every thread has it and is warm", async () => {
    await using heavy = new TestHeavy();
    await heavy.caller.load(WORK, { threads: 2 });
    assert.equal(heavy.status[0]!.threads, 2);
    const flags = [new Flag(), new Flag()];
    const places = flags.map(({ memory }) => heavy.caller.call(WORK, "blockedPlace", [memory]));
    await Promise.all(places.map(({ started }) => started));
    for (const flag of flags) flag.raise();
    const [one, other] = (await Promise.all(places.map(({ result }) => result))) as Place[];
    assert.ok(one!.isWarm && other!.isWarm);
    assert.notEqual(one!.threadId, other!.threadId);
  });

  for (const [file, message] of [
    ["throws.ts", /throws\.ts could not be loaded in a heavy thread: it threw TypeError: no model$/],
    ["not-warm.ts", /warmUp\(\) of .*not-warm\.ts failed in a heavy thread: it threw Error: cold$/],
    ["exits.ts", /exits\.ts could not be loaded: process\.exit\(4\) was called$/],
    [
      "main-thread-only.ts",
      /only\.ts could not .*: it threw Error: Module did not self-register.*\nthat code .*offload\(…, \{ process: true \}\)$/,
    ],
    ["missing.ts", /missing\.ts could not be loaded in a heavy thread: there is no such file$/],
  ] as const) {
    test(`a module that cannot be loaded is reported, and its jobs reject: ${file}`, async () => {
      await using heavy = new TestHeavy();
      const module = fixture(file);
      const job = heavy.caller.call(module, "any");
      await assert.rejects(heavy.caller.load(module), { name: "ApplicationLoadError", message });
      await assert.rejects(job.result, { name: "ApplicationLoadError", message });
      await eventually(
        () => heavy.status.length === 0,
        () => heavy.status,
      );
    });
  }

  test("a thread that dies rejects its job alone; a warm one takes its place and the waiting jobs", async () => {
    const said: string[] = [];
    const words = { printed() {}, said: (...line: unknown[]) => void said.push(line.slice(1).join(", ")) };
    await using heavy = new TestHeavy({ words });
    await heavy.caller.load(WORK);
    const before = await placeOf(heavy);
    const dies = heavy.caller.call(WORK, "exit", [3]);
    const waits = heavy.caller.call(WORK, "place");
    await assert.rejects(dies.result, {
      name: "JobCrashedError",
      code: "ASGIGRAM_JOB_CRASHED",
      message: "exit() of test/fixtures/heavy/work.ts did not finish: process.exit(3) was called",
    });
    const after = (await waits.result) as Place;
    assert.ok(after.isWarm);
    assert.equal(after.calls, 1);
    assert.notEqual(after.threadId, before.threadId);
    assert.equal(heavy.status[0]!.crashes, 1);
    assert.ok(
      said.includes("error, a heavy thread died; another one takes its place, process.exit(3) was called"),
      `${said}`,
    );
  });

  test("a thread that dies while it has no job is replaced at once", async () => {
    await using heavy = new TestHeavy();
    await heavy.caller.load(WORK);
    const flag = new Int32Array(new SharedArrayBuffer(4));
    assert.equal(await heavy.caller.call(WORK, "exitLater", [flag]).result, "later");
    await eventually(
      () => heavy.status[0]!.running === 0,
      () => heavy.status,
    );
    Atomics.store(flag, 0, 1);
    await eventually(
      () => heavy.status[0]!.crashes === 1,
      () => heavy.status,
    );
    assert.ok((await placeOf(heavy)).isWarm);
  });
});

test("an error that a job leaves behind ends the thread, but not the job that runs there meanwhile", async () => {
  const said: string[] = [];
  await using heavy = new TestHeavy({
    words: { printed() {}, said: (_module, _level, message) => said.push(message) },
  });
  const { threadId } = await placeOf(heavy);
  const [late, release, begun] = [new Flag(), new Flag(), new Flag()];
  assert.equal(await heavy.caller.call(WORK, "stray", [late.memory]).result, "over");
  const { result } = heavy.caller.call(WORK, "patient", [release.memory, begun.memory]);
  await begun.raised();
  late.raise();
  await eventually(
    () => said.includes("an earlier job left an uncaught error: Error: stray"),
    () => said,
  );
  release.raise();
  assert.equal(await result, "released");
  assert.notEqual((await placeOf(heavy)).threadId, threadId);
  assert.equal(heavy.status[0]!.crashes, 1);
});

describe("a module whose threads die before their first jobs", () => {
  test("has another one after a pause, or when a job needs it", async ({ mock }) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    await using heavy = new TestHeavy();
    const module = fixture("dies-idle.ts");
    await heavy.caller.load(module);
    const threadsAfter = async (deaths: number) => {
      await eventually(
        () => heavy.status[0]!.crashes === deaths,
        () => heavy.status,
      );
      return heavy.status[0]!.threads;
    };
    assert.equal(await threadsAfter(1), 0);
    mock.timers.tick(100);
    assert.equal(heavy.status[0]!.threads, 1);
    assert.equal(await threadsAfter(2), 0);
    mock.timers.tick(100);
    assert.equal(heavy.status[0]!.threads, 0, "the second pause is longer");
    assert.equal(await heavy.caller.call(module, "add", [1, 2]).result, 3);
  });
});

describe("the end of a job", () => {
  test("a time limit counts from the start; the caller hears at once, and a function that heeds its signal keeps its thread", async ({
    mock,
  }) => {
    await using heavy = new TestHeavy();
    await heavy.caller.load(WORK);
    const { threadId } = await placeOf(heavy);
    mock.timers.enable({ apis: ["setTimeout"] });
    const late = heavy.caller.call(WORK, "heed", [], { timeout: 50 });
    const waited = heavy.caller.call(WORK, "add", [1, 1], { timeout: 50 });
    await late.started;
    assert.equal(await waited.ahead(), 0);
    mock.timers.tick(50);
    await assert.rejects(late.result, {
      name: "TimeoutError",
      message: "heed() of test/fixtures/heavy/work.ts did not finish within 0.05 s",
    });
    assert.equal(await waited.result, 2);
    assert.equal((await placeOf(heavy)).threadId, threadId);
    assert.equal(heavy.status[0]!.crashes, 0);
  });

  test("a function that does not heed its signal loses its thread after the grace, and its place is free only then", async ({
    mock,
  }) => {
    await using heavy = new TestHeavy();
    await heavy.caller.load(WORK);
    const { threadId } = await placeOf(heavy);
    mock.timers.enable({ apis: ["setTimeout"] });
    const [begun, release] = [new Flag(), new Flag()];
    const deaf = heavy.caller.call(WORK, "block", [release.memory, begun.memory], { timeout: 50 });
    const next = heavy.caller.call(WORK, "place");
    await begun.raised();
    assert.equal(await next.ahead(), 0);
    mock.timers.tick(50);
    await assert.rejects(deaf.result, { name: "TimeoutError" });
    mock.timers.tick(1999);
    assert.deepEqual(heavy.status, [
      { module: "test/fixtures/heavy/work.ts", running: 1, waiting: 1, threads: 1, crashes: 0 },
    ]);
    mock.timers.tick(1);
    const place = (await next.result) as Place;
    assert.notEqual(place.threadId, threadId);
    assert.equal(heavy.status[0]!.crashes, 0);
  });

  test("a job that is given up ends by its signal", async () => {
    await using heavy = new TestHeavy();
    const { threadId } = await placeOf(heavy);
    const job = heavy.caller.call(WORK, "heed");
    await job.started;
    job.cancel();
    assert.equal((await placeOf(heavy)).threadId, threadId);
    assert.equal(await isSettled(job.result), false, "no one waits for an answer");
  });

  test("a job that runs and is given up gently goes on", async () => {
    await using heavy = new TestHeavy();
    const flag = new Flag();
    const job = heavy.caller.call(WORK, "block", [flag.memory]);
    const waits = heavy.caller.call(WORK, "place");
    await job.started;
    job.cancel(true);
    waits.cancel(true);
    await assert.rejects(waits.result, { name: "DisconnectedError" });
    assert.equal(await heavy.caller.call(WORK, "add").ahead(), 0, "the one that waited is gone");
    flag.raise();
    assert.equal(await job.result, "released");
  });

  test("a job whose caller's thread ends is aborted", async () => {
    await using heavy = new TestHeavy();
    const job = heavy.caller.call(WORK, "heed");
    await job.started;
    await heavy.caller.end();
    await eventually(
      () => heavy.status[0]!.running === 0,
      () => heavy.status,
    );
  });
});
