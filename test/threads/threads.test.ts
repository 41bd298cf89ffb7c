import assert from "node:assert/strict";
import { on, once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { MessageChannel, type MessagePort, type Worker } from "node:worker_threads";
import type { ToMain } from "../../src/protocol/port.ts";
import { Pulse } from "../../src/protocol/pulse.ts";
import { Threads } from "../../src/threads/threads.ts";
import { hostTask, NO_JOBS } from "../host-task.ts";

const application = join(import.meta.dirname, "../end-to-end/apps/echo.ts");
const task = { ...hostTask({ application, directory: import.meta.dirname }), worker: 0 };

for (const entry of ["workers/host.ts", "workers/heavy/host.ts"]) {
  test(`${entry} is required without a wrapper, in the making of which an ended thread ends the process`, async () => {
    const path = join(import.meta.dirname, "../..", entry);
    assert.equal(createRequire(import.meta.url)(path), await import(pathToFileURL(path).href));
  });
}

/** Runs a host. `up` resolves when it is ready, `over` when its thread has ended. */
function run(threads: Threads) {
  const { port1, port2 } = new MessageChannel();
  const end = new AbortController();
  const pulse = new Pulse();
  const over = threads
    .run(
      { ...task, port: port2, jobs: NO_JOBS.attach(), pulse: pulse.buffer },
      { signal: end.signal, onSpent: () => {} },
    )
    .catch(() => port1.close());
  return { up: said(port1, "ready"), over, end: () => end.abort(), port: port1, pulse };
}

/** Resolves when the host has posted an item of that type. */
async function said(port: MessagePort, type: ToMain["type"]): Promise<void> {
  for await (const [items] of on(port, "message") as AsyncIterable<[ToMain[]]>) {
    if (items.some((item) => item.type === type)) return;
  }
}

/** Threads that end with the test. */
class TestThreads extends Threads implements AsyncDisposable {
  constructor(count: number, memory = Number.POSITIVE_INFINITY) {
    super(count, memory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy();
  }
}

test("start() starts the threads that run all the time, before a host needs them", async () => {
  let started = 0;
  const count = () => {
    started += 1;
  };
  process.on("worker", count);
  try {
    await using threads = new TestThreads(2);
    await turn();
    assert.equal(started, 0, "the constructor starts nothing");
    threads.start();
    await turn();
    assert.equal(started, 2);
    await Promise.all([run(threads), run(threads)].map(({ up }) => up));
    assert.equal(started, 2);
  } finally {
    process.off("worker", count);
  }
});

test("there is room for one more host than run all the time, and for more if necessary", async () => {
  await using threads = new TestThreads(1);
  threads.start();
  await Promise.all([run(threads), run(threads), run(threads)].map(({ up }) => up));
});

test("a host can run without start()", async () => {
  await using threads = new TestThreads(1);
  await run(threads).up;
});

test("a thread that had a host is not used for another", async () => {
  await using threads = new TestThreads(1);
  threads.start();
  for (let i = 0; i < 3; i++) {
    const host = run(threads);
    await host.up;
    const drained = said(host.port, "drained");
    host.port.postMessage([{ type: "drain", reason: "reload", signal: "SIGTERM" }]);
    await drained;
    host.end();
    await host.over;
  }
});

test("a host is over when its thread has ended, not when that is told to", async () => {
  await using threads = new TestThreads(1);
  const made = once(process, "worker");
  const host = run(threads);
  await host.up;
  const [thread] = (await made) as [Worker];
  let isGone = false;
  thread.once("exit", () => {
    isGone = true;
  });
  host.end();
  await host.over;
  assert.equal(isGone, true);
});

test("start() starts fewer threads if fewer may be needed, and there is room for all", async () => {
  let started = 0;
  const count = () => {
    started += 1;
  };
  process.on("worker", count);
  try {
    await using threads = new TestThreads(2);
    threads.start(1);
    await turn();
    assert.equal(started, 1);
    await Promise.all([run(threads), run(threads)].map(({ up }) => up));
    assert.equal(started, 2);
  } finally {
    process.off("worker", count);
  }
});

test("a thread has 24 MB for new objects, and its own limit of the heap if there is one", async () => {
  for (const memory of [Number.POSITIVE_INFINITY, 200 * 2 ** 20]) {
    await using threads = new TestThreads(1, memory);
    const made = once(process, "worker");
    threads.start();
    const [{ resourceLimits }] = (await made) as [Worker];
    assert.equal(resourceLimits!.maxYoungGenerationSizeMb, 24);
    if (memory !== Number.POSITIVE_INFINITY) assert.equal(resourceLimits!.maxOldGenerationSizeMb, 200);
  }
});

test("destroy() ends all threads", async () => {
  await using threads = new TestThreads(2);
  threads.start();
  const hosts = [run(threads), run(threads)];
  await Promise.all(hosts.map(({ up }) => up));
  await threads.destroy();
  await Promise.all(hosts.map(({ over }) => over));
});

test("a thread that has ended by itself is not taken for one that cannot be ended", async ({ mock }) => {
  await using threads = new TestThreads(1);
  const made = once(process, "worker");
  const host = run(threads);
  await host.up;
  const [thread] = (await made) as [Worker];
  const gone = once(thread, "exit");
  thread.prependOnceListener("exit", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    host.end();
  });
  await thread.terminate();
  await gone;
  try {
    mock.timers.tick(60_000);
  } finally {
    mock.timers.reset();
  }
  await host.over;
});
