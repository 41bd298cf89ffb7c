/** Loaded into a server (`--import`): ends threads of it at a signal, as if they had crashed, whatever they compute. */

import { subscribe } from "node:diagnostics_channel";
import { isMainThread, type Worker } from "node:worker_threads";

/** The entry of the threads that each signal ends. */
const ENTRIES = { SIGXCPU: "/workers/heavy/host.", SIGPWR: "/workers/host." } as const;

if (isMainThread) {
  const threads = new Map<Worker, string>();
  subscribe("worker_threads", (message) => {
    const { worker } = message as { worker: Worker };
    const post = worker.postMessage.bind(worker);
    // Piscina's first message names the entry.
    worker.postMessage = (message, transferList) => {
      const { filename } = message as { filename?: string };
      if (filename !== undefined) threads.set(worker, filename);
      post(message, transferList);
    };
    worker.once("exit", () => threads.delete(worker));
  });
  for (const [signal, entry] of Object.entries(ENTRIES)) {
    process.on(signal, () => {
      for (const [worker, filename] of threads) if (filename.includes(entry)) void worker.terminate();
    });
  }
}
