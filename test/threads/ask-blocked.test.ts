import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { askBlocked } from "../../src/threads/ask-blocked.ts";
import { eventually } from "../eventually.ts";

/** Tells the number in the async context of the code that blocks it. */
const BLOCKED = `
  const { AsyncLocalStorage } = require("node:async_hooks");
  const { parentPort, workerData } = require("node:worker_threads");
  const [told, sleep] = [new Float64Array(workerData.told), new Int32Array(workerData.told, 8)];
  const context = new AsyncLocalStorage();
  globalThis[Symbol.for("asgigram.tell")] = () => { told[0] = context.getStore(); };
  for (const number of [7, 8]) context.run(number, async () => {
    await new Promise((resolve) => setTimeout(resolve, number));
    if (number === 7) return;
    parentPort.postMessage("blocked");
    while (true) Atomics.wait(sleep, 0, 0, 10);
  });`;

test("a thread tells the context of the code that blocks it, in the midst of that", async () => {
  const told = new SharedArrayBuffer(16);
  const worker = new Worker(BLOCKED, { eval: true, workerData: { told } });
  try {
    await once(worker, "message");
    const number = new Float64Array(told);
    await eventually(
      () => {
        askBlocked();
        return number[0] !== 0;
      },
      () => "no answer",
    );
    assert.equal(number[0], 8);
  } finally {
    await worker.terminate();
  }
});

test("a process without the permission asks nothing", async (t) => {
  const { Session } = process.getBuiltinModule("node:inspector");
  t.mock.method(Session.prototype, "connect", () => {
    throw new Error("ERR_ACCESS_DENIED");
  });
  assert.doesNotThrow(() => askBlocked());
});
