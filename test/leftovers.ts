/**
 * Preloaded by test/run.ts into the process of each test file: fails it where something that a test has started is still open
 * after the last test, such as a server of a test that failed. Without, the process would never end. (--test-force-exit is no
 * help: it loses results, https://github.com/nodejs/node/issues/64833.)
 */

import { isMainThread } from "node:worker_threads";

/** Time for what is closing, in ms. Its own test has less. */
const GRACE = Number(process.env.LEFTOVERS_GRACE ?? 20_000);

if (isMainThread && process.env.NODE_TEST_CONTEXT !== undefined) {
  // Each thread that a test starts imports this file, too.
  const { after } = process.getBuiltinModule("node:test");
  after(() => {
    const fail = () => {
      const left = process.getActiveResourcesInfo().filter((name) => name !== "TTYWrap" && name !== "PipeWrap");
      console.error(`still open after the last test: ${left.join(", ")}`);
      process.exit(1);
    };
    setTimeout(fail, GRACE).unref();
  });
}
