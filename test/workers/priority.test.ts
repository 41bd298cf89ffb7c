import assert from "node:assert/strict";
import { test } from "node:test";
import { threadsOf } from "../threads/process-threads.ts";
import { Harness } from "./harness.ts";

/** How many of the threads that come with a worker stand behind this one. */
async function countBehind(yields: boolean): Promise<number> {
  const before = new Map(threadsOf(process.pid).map((thread) => [thread.id, thread]));
  await using _ = await Harness.start("diary.ts", { yields });
  const now = threadsOf(process.pid);
  for (const { id, nice } of now) assert.equal(nice, before.get(id)?.nice ?? nice, "it stays as it was");
  const own = before.get(process.pid)!;
  return now.filter(({ id, nice }) => !before.has(id) && nice > own.nice).length;
}

test("a worker that yields stands behind the main thread, and another does not", async (t) => {
  if (process.platform !== "linux") return t.skip("only Linux has priorities of threads");
  assert.equal(await countBehind(false), 0);
  assert.equal(await countBehind(true), 1);
});
