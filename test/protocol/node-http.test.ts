import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

const ROOT = new URL("../../", import.meta.url).href;

test("neither the server nor a worker loads Node.js's own undici, which costs a thread a quarter of its start", async () => {
  const code = `
    const { parentPort } = require("node:worker_threads");
    const isLoaded = () => process.moduleLoadList.includes("NativeModule internal/deps/undici/undici");
    Promise.all(["src/server.ts", "workers/host.ts"].map((file) => import("${ROOT}" + file))).then(() => {
      parentPort.postMessage([isLoaded(), (Response, isLoaded())]);
    });`;
  const [loaded] = await once(new Worker(code, { eval: true }), "message");
  assert.deepEqual(loaded, [false, true]);
});
