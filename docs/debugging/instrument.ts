/**
 * Reports every error of a bot to an error tracker, from the main thread:
 *
 *   NODE_OPTIONS="--import ./instrument.ts" npx asgigram bot.ts
 *
 * Node.js imports this file into the main thread and into every worker thread.
 */
import { isMainThread } from "node:worker_threads";
import { subscribe } from "asgigram/diagnostics";

if (isMainThread) {
  // The application threw at an event, or its code did where nothing catches it.
  subscribe("asgigram:settled", ({ error, scope, update_id }) => {
    if (error !== undefined) report(`${scope}, update ${update_id}: ${error}`);
  });
  // The cause of a crash has the stack of the error that ended the thread.
  subscribe("asgigram:worker", ({ worker, state, error }) => {
    if (state === "died") report(`worker ${worker} died: ${error?.cause ?? error}`);
  });
}

/** Replace this by the call of your error tracker. */
function report(error: string): void {
  console.error("reported:", error);
}
