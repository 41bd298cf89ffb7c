import assert from "node:assert/strict";
import { getPriority } from "node:os";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { eventually } from "../../eventually.ts";
import { fixture, TestHeavy } from "../../heavy/client.ts";

const WORK = fixture("work.ts");
const NAME = "test/fixtures/heavy/work.ts";

test("output of a heavy thread is reported with its module", async () => {
  const printed: string[][] = [];
  await using heavy = new TestHeavy({ words: { printed: (...line) => printed.push(line), said() {} } });
  await heavy.caller.call(WORK, "print", ["hello"]).result;
  await eventually(
    () => printed.length === 2,
    () => printed,
  );
  assert.deepEqual(printed, [
    [NAME, "stdout", "hello"],
    [NAME, "stderr", "not hello"],
  ]);
});

test("a heavy thread does not see the server's settings", async () => {
  process.env.ASGIGRAM_TOKEN = "1:secret";
  process.env.FOR_APPLICATIONS = "yes";
  try {
    await using heavy = new TestHeavy();
    const environment = (await heavy.caller.call(WORK, "environment").result) as Record<string, string>;
    assert.deepEqual([environment.ASGIGRAM_TOKEN, environment.FOR_APPLICATIONS], [undefined, "yes"]);
  } finally {
    delete process.env.ASGIGRAM_TOKEN;
    delete process.env.FOR_APPLICATIONS;
  }
});

test("heavy threads and child processes have a lower priority than threads that answer", {
  skip: process.platform !== "linux" && "only Linux has priorities of threads",
}, async () => {
  // Workers that have a lower priority than the main thread are one step below it.
  for (const workersYield of [false, true]) {
    const ofWorkers = getPriority() + (workersYield ? 1 : 0);
    for (const isProcess of [false, true]) {
      await using heavy = new TestHeavy({ workersYield });
      await heavy.caller.load(fixture("priority.ts"), { process: isProcess });
      const own = (await heavy.caller.call(fixture("priority.ts"), "priority").result) as number;
      assert.equal(own, ofWorkers + 1, `process: ${isProcess}`);
    }
  }
});

test("the files that a module imports are reported, in threads and child processes", async () => {
  for (const isProcess of [false, true]) {
    const files: string[] = [];
    await using heavy = new TestHeavy({ onImported: (file) => files.push(file) });
    await heavy.caller.load(WORK, { process: isProcess });
    await eventually(
      () => files.includes(fileURLToPath(WORK)),
      () => files,
    );
  }
});

describe("the cause of a death", () => {
  for (const [name, cause] of [
    ["fillHeap", "its heap was full"],
    ["rejectLater", "it was ended by an uncaught error: Error: nobody waits for this"],
    ["throwLater", "it was ended by an uncaught error: Error: thrown in a timer"],
  ] as const) {
    test(`the caller is told the cause of a death: ${name}`, async () => {
      await using heavy = new TestHeavy({ memory: 24 * 2 ** 20, words: { printed() {}, said() {} } });
      await assert.rejects(heavy.caller.call(WORK, name).result, {
        name: "JobCrashedError",
        message: `${name}() of ${NAME} did not finish: ${cause}`,
      });
    });
  }
});
