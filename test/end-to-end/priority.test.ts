import assert from "node:assert/strict";
import { availableParallelism, constants } from "node:os";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { threadsOf } from "../threads/process-threads.ts";
import { startBot } from "./bot.ts";

test("workers have a lower priority than the main thread where they outnumber the cores, and libuv's threads always", async (t) => {
  if (process.platform !== "linux") return t.skip("only Linux has priorities of threads");
  for (const workers of [1, availableParallelism() + 1]) {
    await using simulator = await Simulator.start();
    await using bot = await startBot("reader", simulator, [`--workers=${workers}`, "--no-inbox"]);
    const pid = bot.process.process.pid!;
    const threads = threadsOf(pid);
    const { nice } = threads.find(({ id }) => id === pid)!;
    const [shared, others] = [true, false].map((isShared) =>
      threads.filter(({ name }) => (name === "libuv-worker") === isShared),
    ) as [typeof threads, typeof threads];
    assert.deepEqual([...new Set(shared.map((thread) => thread.nice))], [constants.priority.PRIORITY_BELOW_NORMAL]);
    const outnumber = workers > availableParallelism();
    assert.equal(others.filter((thread) => thread.nice > nice).length, outnumber ? workers : 0);
  }
});
