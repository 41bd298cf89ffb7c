import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FromJob } from "../../../src/protocol/port.ts";
import { JobRun } from "../../../workers/heavy/job-run.ts";
import { runningJob } from "../../../workers/heavy/running-job.ts";
import { isSettled } from "../../settled.ts";

/** Begins a job. @returns the run, and what it has posted so far */
function begin(call: (...args: never[]) => unknown, ...args: unknown[]) {
  const posted: FromJob[] = [];
  const run = new JobRun(call as () => unknown, (message) => posted.push(structuredClone(message)));
  run.receive({ type: "arguments", arguments: args });
  return { run, posted };
}

const abortOf = (message: string) => ({
  type: "abort" as const,
  reason: { name: "AbortError", message, stack: undefined, keys: {} },
});
const turn = () => new Promise(setImmediate);

test("a function's result is posted, and what it throws", async () => {
  const { run, posted } = begin((one: number, other: number) => one + other, 1, 2);
  assert.equal(await run.over, "returned");
  assert.deepEqual(posted, [{ type: "returned", value: 3 }]);
  const failed = begin(() => {
    throw new RangeError("too large");
  });
  assert.equal(await failed.run.over, "threw");
  assert.equal((failed.posted[0] as Extract<FromJob, { type: "threw" }>).error.name, "RangeError");
});

test("a function sees its own signal, also after an await, and the reason of its abort", async () => {
  const { run, posted } = begin(async () => {
    await turn();
    const { signal } = runningJob.getStore()!;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    throw signal.reason;
  });
  await turn();
  await turn();
  run.receive(abortOf("/cancel"));
  assert.equal(await run.over, "threw");
  const [{ error }] = posted as [Extract<FromJob, { type: "threw" }>];
  assert.equal(`${error.name}: ${error.message}`, "AbortError: /cancel");
});

test("a listener of the signal is code of the job", async () => {
  const { run, posted } = begin(
    () =>
      new Promise((resolve) =>
        runningJob.getStore()!.signal.addEventListener("abort", () => resolve(runningJob.getStore()?.signal.aborted)),
      ),
  );
  await turn();
  run.receive(abortOf("/cancel"));
  await run.over;
  assert.deepEqual(posted, [{ type: "returned", value: true }]);
});

test("a caller that has the error already gets no answer", async () => {
  const { run, posted } = begin(async () => {
    const { signal } = runningJob.getStore()!;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    throw new Error("ffmpeg was ended");
  });
  await turn();
  run.abort(new DOMException("late", "TimeoutError"), true);
  assert.equal(await run.over, "threw");
  assert.deepEqual(posted, []);
});

test("a job that is aborted before its arguments come does not call the function", async () => {
  let calls = 0;
  const run = new JobRun(
    () => calls++,
    () => {},
  );
  run.receive(abortOf("too late"));
  run.receive({ type: "arguments", arguments: [] });
  assert.equal(await run.over, "threw");
  assert.equal(calls, 0);
});

test("a job whose caller is gone before the arguments came is over", async () => {
  const run = new JobRun(
    () => assert.fail(),
    () => {},
  );
  run.leave();
  assert.equal(await run.over, "threw");
});

describe("a generator", () => {
  async function* count(to: number, onEnd: () => void) {
    try {
      for (let i = 1; i <= to; i++) yield i;
      return "all";
    } finally {
      onEnd();
    }
  }

  test("a generator goes on only when it is asked", async () => {
    let ended = false;
    const { run, posted } = begin(() => count(2, () => (ended = true)));
    await turn();
    assert.deepEqual(posted, [{ type: "generator" }]);
    run.receive({ type: "next" });
    await turn();
    assert.deepEqual(posted.slice(1), [{ type: "yielded", value: 1 }]);
    assert.ok(!(await isSettled(run.over)));
    run.receive({ type: "next" });
    run.receive({ type: "next" });
    assert.equal(await run.over, "returned");
    assert.deepEqual(posted.slice(2), [
      { type: "yielded", value: 2 },
      { type: "returned", value: "all" },
    ]);
    assert.ok(ended);
  });

  test("a caller that returns early, or is gone, ends it", async () => {
    for (const end of [(run: JobRun) => run.receive({ type: "return" }), (run: JobRun) => run.leave()]) {
      let ended = false;
      const { run, posted } = begin(() => count(5, () => (ended = true)));
      run.receive({ type: "next" });
      await turn();
      end(run);
      assert.equal(await run.over, "returned");
      assert.ok(ended);
      assert.deepEqual(posted.at(-1), { type: "returned", value: undefined });
    }
  });

  test("a value that cannot be posted ends it with the error", async () => {
    let ended = false;
    const { run, posted } = begin(async function* () {
      try {
        yield () => {};
      } finally {
        ended = true;
      }
    });
    run.receive({ type: "next" });
    assert.equal(await run.over, "threw");
    assert.ok(ended);
    assert.equal((posted.at(-1) as Extract<FromJob, { type: "threw" }>).error.name, "DataCloneError");
  });

  test("a generator that is not asynchronous is one as well, and a list is none", async () => {
    const { run, posted } = begin(function* () {
      yield 1;
    });
    run.receive({ type: "next" });
    run.receive({ type: "next" });
    await run.over;
    assert.deepEqual(posted, [
      { type: "generator" },
      { type: "yielded", value: 1 },
      { type: "returned", value: undefined },
    ]);
    const list = begin(() => [1]);
    await list.run.over;
    assert.deepEqual(list.posted, [{ type: "returned", value: [1] }]);
  });
});
