/** Priority of worker threads and heavy threads, for when more threads are busy than the machine has processors. */

import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";
import { basename } from "node:path";

/**
 * One step below the main thread, on the scale of `nice`, and no more. Linux spreads threads over processors by the weight that their
 * priority gives them: of two busy threads ten steps lower, both often share one processor, while short work of full weight is all that
 * the other one has, and their jobs take several times as long. What answers people is no later for it: a thread that wakes goes before
 * one that computes at any step.
 */
const LOWER = 1;

/**
 * Lowers the priority of this thread, and of threads and processes that it starts, below the main thread's, which polls and sends for all.
 * Works on Linux only, the one system with priorities of threads. Processes in other containers or services do not gain by it: the system
 * shares time between those separately.
 */
export function yieldToMainThread(): void {
  lowerPriority(LOWER);
}

/**
 * Lowers the priority of this thread in the same way, but below that of the workers, too.
 * @param theyYield true if the workers' priority is lower than the main thread's
 */
export function yieldToWorkers(theyYield: boolean): void {
  lowerPriority(theyYield ? 2 * LOWER : LOWER);
}

function lowerPriority(steps: number): void {
  if (process.platform !== "linux") return;
  try {
    const thread = Number(basename(readlinkSync("/proc/thread-self")));
    setPriority(thread, steps);
  } catch {
    // Without /proc the priority stays as it is.
  }
}
