import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { threadsOf } from "../threads/process-threads.ts";
import { startBot } from "./bot.ts";

test("workers have a lower priority than the main thread where they outnumber the cores; libuv's threads keep theirs", async (t) => {
  if (process.platform !== "linux") return t.skip("only Linux has priorities of threads");
  const workers = availableParallelism() + 1;
  await using simulator = await Simulator.start();
  await using bot = await startBot("reader", simulator, [`--workers=${workers}`, "--no-inbox"]);
  const pid = bot.process.process.pid!;
  const threads = threadsOf(pid);
  const { nice } = threads.find(({ id }) => id === pid)!;
  const shared = threads.filter(({ name }) => name === "libuv-worker");
  assert.deepEqual([...new Set(shared.map((thread) => thread.nice))], [nice]);
  assert.equal(threads.filter((thread) => thread.nice > nice).length, workers);
});
