/**
 * Reports every error of a bot to an error tracker, from the main thread:
 *
 *   NODE_OPTIONS="--import ./instrument.ts" npx asgigram bot.ts
 *
 * Node.js imports this file into the main thread and into every worker thread.
 */
import { BroadcastChannel, isMainThread } from "node:worker_threads";
import { subscribe } from "asgigram/diagnostics";

const uncaught = new BroadcastChannel("uncaught errors");
uncaught.unref();

if (isMainThread) {
  // The application threw at an event.
  subscribe("asgigram:settled", ({ error, scope, update_id }) => {
    if (error !== undefined) report(`${scope}, update ${update_id}: ${error}`);
  });
  uncaught.onmessage = ({ data }) => report(data);
} else {
  // asgigram ends this thread at once: a message leaves it in time, a request does not.
  process.on("uncaughtExceptionMonitor", tellMainThread);
  process.on("unhandledRejection", tellMainThread);
}

function tellMainThread(error: unknown): void {
  uncaught.postMessage(error instanceof Error ? error.stack : String(error));
}

/** Replace this by the call of your error tracker. */
function report(error: string): void {
  console.error("reported:", error);
}
