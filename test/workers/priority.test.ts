import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Harness } from "./harness.ts";

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const NICE = 19;

/** How each thread of this process stands back, by its number. */
function niceness(): Map<string, number> {
  const threads = readdirSync("/proc/self/task");
  return new Map(
    threads.map((thread) => {
      const stat = readFileSync(`/proc/self/task/${thread}/stat`, "utf8");
      // The name, in parentheses, may have anything in it.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return [thread, Number(fields[NICE - 3])];
    }),
  );
}

/** How many of the threads that come with a worker stand behind this one. */
async function countBehind(yields: boolean): Promise<number> {
  const before = niceness();
  await using _ = await Harness.start("diary.ts", { yields });
  const now = niceness();
  for (const [thread, nice] of before) if (now.has(thread)) assert.equal(now.get(thread), nice, "it stays as it was");
  const own = before.get(`${process.pid}`)!;
  return [...now].filter(([thread, nice]) => !before.has(thread) && nice > own).length;
}

test("a worker that yields stands behind the main thread, and another does not", async (t) => {
  if (process.platform !== "linux") return t.skip("only Linux has priorities of threads");
  assert.equal(await countBehind(false), 0);
  assert.equal(await countBehind(true), 1);
});
