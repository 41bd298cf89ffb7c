import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FairQueue, type QueuedJob } from "../../src/heavy/fair-queue.ts";

interface TestJob extends QueuedJob {
  /** Number in the order of arrival. */
  number: number;
}

function job(line: string | undefined, number = 0, bytes = 0): TestJob {
  return { line, number, bytes };
}

function drain(queue: FairQueue<TestJob>): TestJob[] {
  return Array.from({ length: queue.size }, () => queue.shift()!);
}

test("lines take turns, and the jobs of a line keep their order", () => {
  const queue = new FairQueue<TestJob>();
  for (const [number, line] of ["a", "a", "a", "b", undefined, "b"].entries()) queue.push(job(line, number));
  assert.deepEqual(
    drain(queue).map(({ line, number }) => `${line ?? "none"}${number}`),
    ["a0", "b3", "none4", "a1", "b5", "a2"],
  );
  assert.equal(queue.shift(), undefined);
});

test("a line that had its turn and comes again waits for the others", () => {
  const queue = new FairQueue<TestJob>();
  queue.push(job("a", 0));
  queue.push(job("b", 1));
  assert.equal(queue.shift()!.number, 0);
  queue.push(job("a", 2));
  assert.deepEqual(
    drain(queue).map(({ number }) => number),
    [1, 2],
  );
});

/** Pushes to a line, takes the next job, or removes the nth of those that wait. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ push: fc.constantFrom("a", "b", "c", undefined) }) },
  { weight: 2, arbitrary: fc.constant("shift" as const) },
  { weight: 1, arbitrary: fc.record({ remove: fc.nat(20) }) },
);

test("any sequence of jobs: order within a line, one turn for each waiting line, exact numbers ahead", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const queue = new FairQueue<TestJob>();
      const waiting: TestJob[] = [];
      /** For each line, the lines that have waited since its last turn and had none. */
      const owed = new Map<string | undefined, Set<string | undefined>>();
      const shift = () => {
        const next = queue.shift();
        if (next === undefined) return assert.equal(waiting.length, 0);
        const first = waiting.find(({ line }) => line === next.line);
        assert.equal(next, first, "the first of its line");
        waiting.splice(waiting.indexOf(next), 1);
        const linesLeft = new Set(waiting.map(({ line }) => line));
        const debts = [...(owed.get(next.line) ?? [])].filter((line) => linesLeft.has(line));
        assert.deepEqual(debts, [], `${next.line} has its second turn before them`);
        for (const lines of owed.values()) lines.delete(next.line);
        owed.set(next.line, new Set([...linesLeft].filter((line) => line !== next.line)));
      };
      for (const [number, what] of steps.entries()) {
        if (what === "shift") shift();
        else if ("push" in what) {
          const added = job(what.push, number, 3);
          queue.push(added);
          waiting.push(added);
        } else {
          const [removed] = waiting.splice(what.remove, 1);
          if (removed === undefined) continue;
          for (const lines of owed.values()) {
            if (!waiting.some(({ line }) => line === removed.line)) lines.delete(removed.line);
          }
          assert.ok(queue.remove(removed));
          assert.ok(!queue.remove(removed));
          assert.equal(queue.ahead(removed), 0);
        }
        assert.equal(queue.size, waiting.length);
      }
      const ahead = new Map(waiting.map((job) => [job, queue.ahead(job)]));
      for (const [place, next] of drain(queue).entries()) assert.equal(ahead.get(next), place);
    }),
  );
});

test("a queue with a limit refuses the job beyond it, and takes others when one has left", () => {
  const queue = new FairQueue<TestJob>(2);
  queue.push(job("a"));
  queue.push(job("b"));
  assert.throws(() => queue.push(job("c")), { name: "QueueFullError", message: "2 jobs wait already (queue: 2)" });
  assert.equal(queue.size, 2);
  queue.shift();
  queue.push(job("c"));
});

test("jobs for which threads are free do not count as waiting", () => {
  const queue = new FairQueue<TestJob>(0);
  queue.push(job("a"), 2);
  queue.push(job("b"), 2);
  assert.throws(() => queue.push(job("c"), 2), { name: "QueueFullError" });
});

test("without a limit 256 MB of arguments may wait, and one job of any size", () => {
  const megabytes = 2 ** 20;
  const queue = new FairQueue<TestJob>();
  queue.push(job("a", 0, 300 * megabytes));
  assert.throws(() => queue.push(job("b", 1, 1)), {
    name: "QueueFullError",
    message: "1 jobs with 300 MB of arguments wait already, and 256 MB are the limit",
  });
  queue.shift();
  queue.push(job("a", 2, 200 * megabytes));
  queue.push(job("a", 3, 56 * megabytes));
  assert.throws(() => queue.push(job("a", 4, 1)), { name: "QueueFullError" });
  const [, second] = drain(queue);
  assert.equal(second!.number, 3);
  queue.push(second!);
  assert.ok(queue.remove(second!));
  queue.push(job("a", 5, 256 * megabytes));
});
