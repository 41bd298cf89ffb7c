import assert from "node:assert/strict";
import { test } from "node:test";
import { threadsOf } from "../threads/process-threads.ts";
import { Harness } from "./harness.ts";

/** The threads of this process, without those of libuv, which always have a lower priority. */
const threads = () => threadsOf(process.pid).filter(({ name }) => name !== "libuv-worker");

/** Number of new threads with a lower priority than this thread, after a worker has started. */
async function countBehind(yields: boolean): Promise<number> {
  const before = new Map(threads().map((thread) => [thread.id, thread]));
  await using _ = await Harness.start("diary.ts", { yields });
  const now = threads();
  for (const { id, nice } of now)
    assert.equal(nice, before.get(id)?.nice ?? nice, "the priority of other threads stays");
  const own = before.get(process.pid)!;
  return now.filter(({ id, nice }) => !before.has(id) && nice > own.nice).length;
}

test("a worker with `yields` has a lower priority than the main thread, another worker has not", async (t) => {
  if (process.platform !== "linux") return t.skip("only Linux has priorities of threads");
  assert.equal(await countBehind(false), 0);
  assert.equal(await countBehind(true), 1);
});
