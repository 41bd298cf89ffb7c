/** libuv's threads, in which the whole process reads files, looks names up, and runs native work such as that of sharp, zlib and crypto. */

import { readdirSync, readFileSync, stat } from "node:fs";
import { constants, setPriority } from "node:os";

const TASKS = "/proc/self/task";

/**
 * Makes the threads, with a lower priority than the main thread, which polls and sends for all. libuv makes them at their first
 * use, with the priority of the thread that uses them. Only Linux has priorities of threads.
 */
export function makeSystemThreads(): void {
  stat(".", () => {});
  if (process.platform !== "linux") return;
  try {
    for (const id of readdirSync(TASKS)) {
      const name = readFileSync(`${TASKS}/${id}/comm`, "utf8").trim();
      if (name === "libuv-worker") setPriority(Number(id), constants.priority.PRIORITY_BELOW_NORMAL);
    }
  } catch {
    // Without /proc the priority stays as it is.
  }
}
