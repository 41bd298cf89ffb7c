/** Which thread goes first where there are more at work than the machine has processors. */

import { readlinkSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { basename } from "node:path";

/**
 * Lets this thread, and those that it starts, come after the main thread, which polls and sends for all, and would otherwise
 * wait its turn behind every worker that is at heavy work. Only Linux has priorities of threads; elsewhere nothing is changed.
 * Processes in other containers and services are not concerned: between those it is their own shares that count.
 */
export function yieldToMainThread(): void {
  if (process.platform !== "linux") return;
  try {
    const thread = Number(basename(readlinkSync("/proc/thread-self")));
    setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Without /proc it goes as it went before.
  }
}
