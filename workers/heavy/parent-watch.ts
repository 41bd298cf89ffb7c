/**
 * A thread of a child process: it ends the process when the server has been killed. The main thread hears of that by its channel, but not
 * while it computes, and would keep a processor for as long as that takes.
 */

import { isMainThread, Worker, workerData } from "node:worker_threads";

/** Pause between two looks: ms. */
const PAUSE = 1000;

/** Starts the thread. Where the permissions of Node.js forbid that, the process lives until its main thread hears of the end. */
export function watchParent(): void {
  try {
    // It needs none of the modules that are loaded into threads, and next to no memory.
    const options = { execArgv: [], workerData: process.ppid, resourceLimits: { maxOldGenerationSizeMb: 8 } };
    const watch = new Worker(new URL(import.meta.url), options);
    watch.on("error", () => {});
    watch.unref();
  } catch {
    // ERR_ACCESS_DENIED
  }
}

if (!isMainThread) {
  // A process whose parent is gone gets another one, on all systems but Windows.
  setInterval(() => process.ppid !== workerData && process.kill(process.pid, "SIGKILL"), PAUSE);
}
