/** Priority of worker threads, for when more threads are busy than the machine has processors. */

import { readlinkSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { basename } from "node:path";

/**
 * Lowers the priority of this thread, and of threads that it starts, below the main thread's. The main thread polls and
 * sends for all, and would otherwise wait behind every busy worker. Works on Linux only, the one system with priorities
 * of threads. Processes in other containers or services do not gain by it: the system shares time between those
 * separately.
 */
export function yieldToMainThread(): void {
  lowerTo(constants.priority.PRIORITY_BELOW_NORMAL);
}

/**
 * Lowers the priority of this thread, and of threads that it starts, below that of all threads that answer people. Not to the lowest:
 * beside other busy processes of the same group that would leave it next to nothing.
 */
export function yieldToAllThreads(): void {
  lowerTo(HEAVY);
}

const HEAVY = 12;

function lowerTo(priority: number): void {
  if (process.platform !== "linux") return;
  try {
    const thread = Number(basename(readlinkSync("/proc/thread-self")));
    setPriority(thread, priority);
  } catch {
    // Without /proc the priority stays as it is.
  }
}
