import assert from "node:assert/strict";
import { test } from "node:test";
import { threadRemedy } from "../../src/protocol/thread-remedy.ts";

const withCode = (message: string, code: string) => Object.assign(new Error(message), { code });

const FOR_MAIN_THREADS = [
  withCode("Module did not self-register: '/bot/node_modules/java/java.node'.", "ERR_DLOPEN_FAILED"),
  withCode("Loading non context-aware native addons has been disabled", "ERR_NON_CONTEXT_AWARE_DISABLED"),
  withCode("process.chdir() is not supported in workers", "ERR_WORKER_UNSUPPORTED_OPERATION"),
  new Error("SDL can only be used in the main thread"),
  new Error("the engine is not supported in worker threads"),
  { message: "this package can't run in a worker_thread" },
];

const FOR_NONE = [
  withCode("libvips-cpp.so.42: cannot open shared object file: No such file or directory", "ERR_DLOPEN_FAILED"),
  withCode("The module was compiled against a different Node.js version", "ERR_DLOPEN_FAILED"),
  new Error("cannot connect to the database of the workers' council"),
  new Error("the domain is not known; threads: 2"),
  "a text",
  null,
];

test("code that works in a main thread alone has a remedy, and no other has", () => {
  for (const error of FOR_MAIN_THREADS) assert.match(threadRemedy(error)!, /offload\(…, \{ process: true \}\)/);
  for (const error of FOR_NONE) assert.equal(threadRemedy(error), undefined);
});
