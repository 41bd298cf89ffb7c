import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { MessagePort } from "node:worker_threads";
import fc from "fast-check";
import type { ToMain } from "../../src/protocol/port.ts";
import { WorkerPool } from "../../src/threads/pool.ts";
import { Threads } from "../../src/threads/threads.ts";
import type { Worker } from "../../src/threads/worker.ts";
import { hostTask, NO_JOBS, NO_VALUES } from "../host-task.ts";
import { ENDLESS_ROOM } from "../threads/endless-room.ts";

const APP = join(import.meta.dirname, "../end-to-end/apps/echo.ts");
/** Types of the items that a worker may post while it starts and serves. */
const TYPES = new Set(["startup", "ready", "taken", "call", "settled", "failed", "crash", "log", "output", "revoked"]);
const OFF = Number.POSITIVE_INFINITY;

test("a worker that gets any item at all handles the event behind it or is replaced, and posts items of port.ts alone", async (t) => {
  const happenings = new EventEmitter<{ ready: [Worker]; call: [] }>();
  const posted: ToMain[] = [];
  const deaths: Error[] = [];
  /** This thread's end of the newest worker's port. */
  let port: MessagePort | undefined;
  const { on } = MessagePort.prototype;
  t.mock.method(MessagePort.prototype, "on", function (this: MessagePort, name: "message", listener: () => void) {
    if (name === "message") {
      on.call(this, name, (items: unknown) => {
        // Piscina's own messages are no arrays.
        if (!Array.isArray(items)) return;
        posted.push(...items);
        if (items.some(({ type }) => type === "ready")) port = this;
      });
    }
    return on.call(this, name, listener);
  });
  const threads = new Threads(1, OFF);
  const pool = new WorkerPool({
    workers: 1,
    threads,
    task: hostTask({ application: APP, directory: import.meta.dirname }),
    programWorkers: 1,
    stallTimeout: OFF,
    ...ENDLESS_ROOM,
    grace: 1000,
    restart: { recycleAfter: OFF, memoryLimit: OFF, watchesFiles: false },
    pause: () => 0,
    onPushed: (worker) => void setImmediate(() => worker.flush()),
    jobs: NO_JOBS,
    values: NO_VALUES,
    updates: {
      workerReady: (worker) => happenings.emit("ready", worker),
      servesProgram() {},
      async workerPaused() {},
      workerDrained() {},
      workerDied: () => false,
      needsQuarantine: () => false,
      withoutQuarantine: () => false,
      posted: () => undefined,
      eventOverdue() {},
      taken() {},
      settled() {},
      kept() {},
      triedAgain() {},
      threw: () => false,
      failed() {},
    },
    calls: {
      call(worker, { id }) {
        worker.push({ type: "result", id, body: '{"ok":true,"result":{}}' });
        happenings.emit("call");
      },
      saved() {},
      busy() {},
    },
    words: { said() {}, printed() {}, crashed() {} },
    diagnostics: {
      workerReady() {},
      workerStalled() {},
      workerReplaced() {},
      workerDied: (_worker, _cause, error) => deaths.push(error),
    },
    log: { info() {}, warn() {}, error() {}, isLevelEnabled: () => false },
  });
  t.after(() => pool.destroy());
  const [started] = await Promise.all([once(happenings, "ready"), pool.start()]);
  let [worker] = started;
  const types = fc.constantFrom("debug", "events", "result", "failure", "file", "revoke", "no such type");
  const item = fc.oneof(
    fc.jsonValue(),
    fc.record({
      type: types,
      events: fc.jsonValue(),
      id: fc.jsonValue(),
      body: fc.jsonValue(),
      debug: fc.jsonValue(),
      file: fc.jsonValue(),
      shard: fc.jsonValue(),
      error: fc.jsonValue(),
    }),
    fc.record({
      type: fc.constant("events"),
      events: fc.array(fc.record({ seq: fc.nat(), attempt: fc.nat(), body: fc.json() })),
    }),
  );
  for (const junk of fc.sample(item, { numRuns: 60, seed: 5 })) {
    const before = deaths.length;
    port!.postMessage([junk]);
    // This worker or the next one handles the event behind it.
    const isAnswered = once(happenings, "call").then(() => true);
    worker.push({
      type: "events",
      events: [{ seq: 1, attempt: 1, body: '{"update_id":1,"message":{"chat":{"id":1},"text":"x"}}' }],
    });
    const replaced = once(happenings, "ready").then(([next]) => {
      worker = next;
      return false;
    });
    if (await Promise.race([isAnswered, replaced])) assert.equal(deaths.length, before);
    else assert.equal(deaths.length, before + 1);
    happenings.removeAllListeners();
  }
  assert.ok(deaths.length > 0 && deaths.length < 60, `${deaths.length} deaths`);
  const seen = new Set(posted.map(({ type }) => type));
  for (const type of ["call", "settled", "crash", "revoked"] as const) assert.ok(seen.has(type), `no ${type}`);
  for (const type of seen) assert.ok(TYPES.has(type), type);
});
