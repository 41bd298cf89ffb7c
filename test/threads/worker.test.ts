import assert from "node:assert/strict";
import { once } from "node:events";
import { resolve } from "node:path";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { ApplicationLoadError, StartupFailedError, WorkerError } from "../../src/protocol/errors.ts";
import type { ToMain } from "../../src/protocol/port.ts";
import { shardOf } from "../../src/protocol/shard.ts";
import type { WorkerDeath } from "../../src/protocol/worker-causes.ts";
import { Threads } from "../../src/threads/threads.ts";
import { Worker } from "../../src/threads/worker.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import { hostTask, NO_JOBS, NO_VALUES } from "../host-task.ts";
import { type ScriptedHost, ScriptedThreads } from "./scripted-threads.ts";

interface BenchOptions {
  threads?: Pick<Threads, "run" | "destroy">;
  application?: string;
  number?: number;
}

/** A worker, and the course of its life. */
class Bench implements AsyncDisposable {
  readonly course: string[] = [];
  readonly calls: Extract<ToMain, { type: "call" }>[] = [];
  readonly printed: string[] = [];
  readonly settledCounts: number[] = [];
  readonly threads: Pick<Threads, "run" | "destroy">;
  readonly worker: Worker;
  pushed = 0;
  /** Events that throw are held. */
  isHolding = false;
  #lastSeq = 0;

  constructor({
    threads = new Threads(1, Number.POSITIVE_INFINITY),
    application = "app.ts",
    number = 0,
  }: BenchOptions = {}) {
    this.threads = threads;
    this.worker = new Worker({
      number,
      deaths: 0,
      generation: 0,
      threads,
      jobs: NO_JOBS,
      values: NO_VALUES,
      task: hostTask({ application, directory: resolve(import.meta.dirname, "fixtures"), lifespan: "auto" }),
      updates: {
        taken: (_, seqs) => this.#did(`taken: ${seqs}`),
        settled: (_, seqs) => this.#did(`settled: ${seqs}`),
        kept: (_, seq) => this.#did(`kept: ${seq}`),
        triedAgain: (_, seq) => this.#did(`triedAgain: ${seq}`),
        threw: (_, seq, error) => {
          this.#did(`threw: ${seq}, ${error}`);
          return this.isHolding;
        },
        failed: (_, seq, error) => this.#did(`failed: ${seq}, ${error}`),
      },
      calls: {
        call: (worker, item) => {
          this.calls.push(item);
          worker.push({ type: "result", id: item.id, body: '{"ok":true,"result":true}' });
        },
        saved: (_, { seq, json }) => this.#did(`saved: ${seq}, ${json}`),
        busy: (_, { seq }) => this.#did(`busy: ${seq}`),
      },
      words: {
        said: (_, { error }, level, message) => this.#did(`said: ${level}, ${message}, ${error}`),
        printed: (_, { text }) => this.printed.push(text),
        crashed: (_, { message }) => this.#did(`crashed: ${message}`),
      },
      onPushed: (worker) => {
        this.pushed += 1;
        setImmediate(() => worker.flush());
      },
      onReady: () => this.#did(`ready: ${this.worker.state}`),
      onImported: (file) => this.#did(`imported: ${file}`),
      onSettled: (count) => this.settledCounts.push(count),
      onDrained: (unseen) => this.#did(`drained: ${this.worker.state}, ${unseen}`),
      onEnded: () => this.#did(`ended: ${this.worker.state}`),
      onOver: ({ message }) => this.#did(`over: ${this.worker.state}, ${message}`),
    });
  }

  #did(deed: string): void {
    this.course.push(deed);
  }

  /** Posts a message of a chat. @returns its number */
  post(text: string, chat: number): number {
    const seq = ++this.#lastSeq;
    const body = JSON.stringify({ update_id: seq, message: { chat: { id: chat, type: "private" }, text } });
    this.worker.post([{ seq, attempt: 1, body }]);
    return seq;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.threads.destroy();
  }
}

/** A worker whose host the test plays. */
function scripted(number = 0) {
  const threads = new ScriptedThreads();
  const bench = new Bench({ threads, number });
  return { bench, worker: bench.worker, host: threads.hosts[0]!, [Symbol.asyncDispose]: () => threads.destroy() };
}

async function ready({ worker, host }: { worker: Worker; host: ScriptedHost }): Promise<void> {
  host.post({ type: "ready" });
  await worker.ready;
}

describe("a worker's life", () => {
  test("a worker starts, runs, drains, ends its lifespan, and is over when it is killed", async () => {
    await using bench = new Bench();
    const { worker, course } = bench;
    assert.equal(worker.state, "starting");
    assert.equal(worker.isUp, false);
    await worker.ready;
    assert.equal(worker.isUp, true);
    worker.drain("reload");
    worker.drain("shutdown");
    assert.equal(worker.state, "draining");
    assert.equal(worker.isUp, true);
    await worker.ended;
    assert.equal(worker.isUp, false);
    worker.kill(new Error("it has ended"));
    await worker.over;
    assert.deepEqual(course, ["ready: running", "drained: drained, ", "ended: drained", "over: over, it has ended"]);
  });

  test("a worker that is told to drain before it is ready does so as soon as it is", async () => {
    await using bench = new Bench();
    const { worker, course } = bench;
    worker.drain("shutdown");
    await worker.ended;
    assert.deepEqual(course, ["ready: draining", "drained: drained, ", "ended: drained"]);
    assert.ok(worker.hasStarted);
  });

  test("a worker that is told to drain in the middle of its start does so as soon as it is ready", async () => {
    using folder = new Folder();
    const go = folder.join("go");
    const application = folder.write(
      "late.mjs",
      `import { existsSync } from "node:fs";
      import { setTimeout as delay } from "node:timers/promises";
      console.log("starts");
      while (!existsSync(${JSON.stringify(go)})) await delay(5);
      // What was posted before comes meanwhile.
      for (let i = 0; i < 3; i++) await delay(5);
      export const application = async () => {};`,
    );
    await using bench = new Bench({ application });
    const { worker, course, printed } = bench;
    await eventually(
      () => printed.length > 0,
      () => printed,
    );
    worker.drain("shutdown");
    worker.flush();
    folder.write("go", "");
    await worker.ended;
    assert.deepEqual(course, ["ready: draining", "drained: drained, ", "ended: drained"]);
  });

  test("a worker that cannot start is over, with the reason", async () => {
    await using bench = new Bench({ application: "throws-when-imported.ts" });
    const { worker, course } = bench;
    await assert.rejects(worker.ready, { name: "ApplicationLoadError" });
    await worker.over;
    await worker.ended;
    assert.ok(!worker.hasStarted);
    assert.match(course.join(), /^over: over, .*no database/);
  });

  test("a worker that dies while it starts rejects with the cause", async () => {
    await using it = scripted(4);
    const cause = new Error("no room for a thread");
    it.host.die(cause);
    await assert.rejects(it.worker.ready, {
      name: "WorkerError",
      message: "worker 4 died while it started: no room for a thread",
      cause,
    });
  });

  test("a worker whose thread returns is over by itself", async () => {
    await using it = scripted(4);
    await ready(it);
    it.host.die();
    await it.worker.over;
    assert.equal(it.bench.course.at(-1), "over: over, worker 4 ended by itself");
  });

  test("a worker that did not finish in time is killed, and its error says so", async () => {
    await using bench = new Bench();
    const { worker, course } = bench;
    await worker.ready;
    worker.dismiss();
    await worker.over;
    assert.ok(worker.isDismissed);
    assert.match(course.at(-1)!, /did not finish in time/);
  });

  test("a worker that starts in a spent pool is given up; one that has started is not", async () => {
    for (const hasStarted of [false, true]) {
      await using it = scripted();
      if (hasStarted) await ready(it);
      it.host.options.onSpent();
      assert.equal(it.host.killed?.message, hasStarted ? undefined : "worker 0 could not be started");
    }
  });

  test("a worker's task has its number, its pulse and its port", async () => {
    await using it = scripted(5);
    const { worker, host } = it;
    assert.equal(host.task.worker, 5);
    host.pulse.beat({ instances: 3, active: 0, heap: 0, external: 0 });
    assert.equal(worker.pulse.condition.instances, 3);
  });
});

describe("a worker's items", () => {
  test("pushed items are posted as one message when the worker is flushed, which is asked for once", async () => {
    await using it = scripted();
    const { bench, worker, host } = it;
    for (const id of [1, 2, 3]) worker.push({ type: "result", id, body: "{}" });
    assert.equal(bench.pushed, 1);
    assert.equal(host.messages.length, 0);
    await host.item("result");
    assert.deepEqual(
      host.messages.map((items) => items.map((item) => "id" in item && item.id)),
      [[1, 2, 3]],
    );
    worker.push({ type: "result", id: 4, body: "{}" });
    assert.equal(bench.pushed, 2);
  });

  test("events are posted at once, behind the items that were pushed before", async () => {
    await using it = scripted();
    const { worker, host } = it;
    worker.push({ type: "result", id: 1, body: "{}" });
    worker.post([{ seq: 1, attempt: 1, body: "{}" }]);
    worker.push({ type: "result", id: 2, body: "{}" });
    while (host.messages.length < 2) await once(host.task.port, "message");
    assert.deepEqual(
      host.messages.map((items) => items.map(({ type }) => type)),
      [["result", "events"], ["result"]],
    );
  });

  test("an item's transferred objects go with it", async () => {
    await using it = scripted();
    const { worker, host } = it;
    const bytes = new Uint8Array([1, 2, 3]);
    worker.push({ type: "file", id: 1, file: { bytes } }, [bytes.buffer]);
    const { file } = await host.item("file");
    assert.deepEqual(file, { bytes: new Uint8Array([1, 2, 3]) });
    assert.equal(bytes.byteLength, 0);
  });

  test("items that are pushed or posted to a worker that is over are dropped", async () => {
    await using it = scripted();
    const { worker, host } = it;
    await ready(it);
    host.die(new Error("dead"));
    await worker.over;
    worker.push({ type: "result", id: 1, body: "{}" });
    worker.post([{ seq: 1, attempt: 1, body: "{}" }]);
    await turn();
    assert.equal(host.messages.length, 0);
  });

  test("each item of a worker reaches its taker", async () => {
    await using it = scripted();
    const { bench, worker, host } = it;
    const call = { method: "sendMessage", lane: "1", body: "{}" };
    host.post(
      { type: "imported", file: "/bot.ts" },
      { type: "ready" },
      { type: "log", level: "warn", message: "careful", error: "Error: no" },
      { type: "output", stream: "stdout", text: "hello" },
      { type: "taken", seqs: [1, 2, 3, 7] },
      { type: "call", id: 1, call, from: 7 },
      { type: "settled", seqs: [1, 2] },
      { type: "failed", seq: 3, error: "Error: thrown", scope: "chat:1" },
    );
    await worker.ready;
    assert.deepEqual(bench.course, [
      "imported: /bot.ts",
      "ready: running",
      "said: warn, careful, Error: no",
      "taken: 1,2,3,7",
      "settled: 1,2",
      "said: error, the application threw; the event is now a dead letter, Error: thrown",
      "failed: 3, Error: thrown",
    ]);
    assert.deepEqual(bench.printed, ["hello"]);
    assert.deepEqual(bench.calls, [{ type: "call", id: 1, call, from: 7 }]);
    assert.deepEqual(bench.settledCounts, [2, 1]);
  });
});

describe("a worker's death", () => {
  test("messages that the thread posted before its end count, and are handled before it is over", async () => {
    await using it = scripted();
    const { bench, worker, host } = it;
    await ready(it);
    host.post({ type: "settled", seqs: [1, 2] });
    host.post({ type: "failed", seq: 3, error: "Error: thrown" });
    host.post(
      { type: "settled", seqs: [4] },
      { type: "crash", message: "process.exit(7) was called", error: "", seq: 5 },
    );
    // In the same turn: the messages are still in the port.
    host.die(new Error("exit code 7"));
    await worker.over;
    assert.deepEqual(bench.course, [
      "ready: running",
      "settled: 1,2",
      "said: error, the application threw; the event is now a dead letter, Error: thrown",
      "failed: 3, Error: thrown",
      "settled: 4",
      "crashed: process.exit(7) was called",
      "over: over, process.exit(7) was called",
    ]);
    assert.equal(worker.causeOfDeath, "crash");
    assert.equal(worker.culprit, 5);
  });

  const HEAP = 32 * 2 ** 20;
  const causes: [how: string, application: string, memory: number, deed: string | undefined, cause: WorkerDeath][] = [
    ["process.exit()", "app.ts", Number.POSITIVE_INFINITY, "exit", "crash"],
    ["an uncaught error", "app.ts", Number.POSITIVE_INFINITY, "throw", "crash"],
    ["process.exit() while it starts", "exits-when-imported.ts", Number.POSITIVE_INFINITY, undefined, "crash"],
    ["a full heap", "app.ts", HEAP, "hog", "memory"],
    ["an application that cannot be imported", "throws-when-imported.ts", Number.POSITIVE_INFINITY, undefined, "start"],
    ["a lifespan that fails", "startup-fails.ts", Number.POSITIVE_INFINITY, undefined, "start"],
  ];
  for (const [how, application, memory, deed, cause] of causes) {
    test(`the cause of death is ${cause} after ${how}`, async () => {
      await using bench = new Bench({ application, threads: new Threads(1, memory) });
      const { worker } = bench;
      let seq: number | undefined;
      if (deed !== undefined) {
        await worker.ready;
        bench.post("be quiet", 5);
        seq = bench.post(deed, 6);
      }
      await worker.over;
      assert.equal(worker.causeOfDeath, cause);
      assert.equal(worker.culprit, deed === "exit" ? seq : undefined);
    });
  }

  const kills: [how: string, isStalled: boolean, error: Error, cause: WorkerDeath][] = [
    ["a stalled worker was killed", true, new WorkerError("worker 0 was stalled"), "stall"],
    ["a worker was killed for another reason", false, new WorkerError("worker 0 has ended"), "other"],
    ["a stalled worker's thread ended for another reason", true, new Error("the thread broke"), "other"],
    [
      "the application could not be imported by a worker that seemed stalled",
      true,
      new ApplicationLoadError("no"),
      "start",
    ],
    ["the lifespan of a worker that seemed stalled failed", true, new StartupFailedError("no"), "start"],
  ];
  for (const [how, isStalled, error, cause] of kills) {
    test(`the cause of death is ${cause} if ${how}`, async () => {
      await using it = scripted();
      await ready(it);
      it.worker.isStalled = isStalled;
      it.worker.kill(error);
      await it.worker.over;
      assert.equal(it.worker.causeOfDeath, cause);
      assert.equal(it.worker.culprit, undefined);
    });
  }

  const last = 30;
  const many = Array.from({ length: 9 }, (_, i) => i + 1);
  const outside: [open: number[], suspects: number[]][] = [
    [[], [last]],
    [
      [3, 8],
      [3, 8],
    ],
    [many, [last]],
  ];
  for (const [open, suspects] of outside) {
    test(`a crash outside any instance has no culprit; of ${open.length} open events, ${suspects.length} are suspected`, async () => {
      await using it = scripted();
      await ready(it);
      it.worker.pulse.willWorkAt(last);
      it.host.post({ type: "crash", message: "an uncaught exception ends the worker", error: "", open });
      it.host.die(new Error("exit code 1"));
      await it.worker.over;
      assert.equal(it.worker.causeOfDeath, "crash");
      assert.equal(it.worker.culprit, undefined);
      assert.deepEqual(it.worker.suspects, suspects);
    });
  }
});

describe("endInstances()", () => {
  const [CHAT, OTHER] = [5, 6];
  const SHARD = shardOf(CHAT, 256);
  assert.notEqual(shardOf(OTHER, 256), SHARD);

  test("the shard's instances end, and its unseen events are named; others go on", async () => {
    await using bench = new Bench();
    const { worker } = bench;
    await worker.ready;
    const seen = bench.post("wait for the end", CHAT);
    const unseen = [bench.post("one", CHAT), bench.post("two", CHAT)];
    assert.deepEqual(await worker.endInstances(SHARD), unseen);
    assert.ok(bench.course.includes(`settled: ${seen}`), `${bench.course}`);
    const other = bench.post("be quiet", OTHER);
    assert.deepEqual(await worker.endInstances(shardOf(OTHER, 256)), []);
    assert.ok(bench.course.includes(`settled: ${other}`), `${bench.course}`);
  });

  test("a shard without instances has no unseen events", async () => {
    await using bench = new Bench();
    await bench.worker.ready;
    assert.deepEqual(await bench.worker.endInstances(SHARD), []);
  });

  test("a thread that is blocked, and does not answer in time, is ended", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    await using it = scripted();
    await ready(it);
    const unseen = it.worker.endInstances(SHARD);
    t.mock.timers.tick(5999);
    assert.equal(it.host.isKilled, false);
    t.mock.timers.tick(1);
    assert.ok(it.worker.isDismissed);
    assert.deepEqual(await unseen, []);
  });

  test("several shards may end at the same time, each with its own answer", async () => {
    await using it = scripted();
    const { worker, host } = it;
    await ready(it);
    const answers = [worker.endInstances(1), worker.endInstances(2)];
    await host.item("revoke");
    host.post({ type: "revoked", shard: 2, unseen: [20] });
    host.post({ type: "revoked", shard: 1, unseen: [10, 11] });
    assert.deepEqual(await Promise.all(answers), [[10, 11], [20]]);
    const revoked = host.messages.flat().map((item) => item.type === "revoke" && item.shard);
    assert.deepEqual(revoked, [1, 2]);
  });

  test("there is nothing unseen if the worker dies: its death accounts for its events", async () => {
    await using it = scripted();
    await ready(it);
    const unseen = it.worker.endInstances(SHARD);
    it.host.die(new Error("dead"));
    assert.deepEqual(await unseen, []);
  });

  test("there is nothing unseen if the worker drains: its drain accounts for its events", async () => {
    await using it = scripted();
    await ready(it);
    const unseen = it.worker.endInstances(SHARD);
    it.worker.drain("reload");
    it.host.post({ type: "drained", unseen: [1] });
    assert.deepEqual(await unseen, []);
    assert.equal(it.bench.course.at(-1), "drained: drained, 1");
  });

  test("there is nothing unseen, and nothing to wait for, at a worker that has drained or is over", async () => {
    await using it = scripted();
    const { worker, host } = it;
    await ready(it);
    worker.drain("reload");
    host.post({ type: "drained", unseen: [] }, { type: "ended" });
    await worker.ended;
    assert.deepEqual(await worker.endInstances(SHARD), []);
    host.die(new Error("dead"));
    await worker.over;
    assert.deepEqual(await worker.endInstances(SHARD), []);
  });

  test("a real worker that is drained meanwhile answers, too", async () => {
    await using bench = new Bench();
    const { worker } = bench;
    await worker.ready;
    bench.post("wait for the end", CHAT);
    const unseen = bench.post("one", CHAT);
    worker.drain("reload");
    // Either the revocation or the drain accounts for the event, not both.
    const revoked = await worker.endInstances(SHARD);
    await worker.ended;
    const drained = bench.course.find((line) => line.startsWith("drained"))!;
    assert.equal(
      [...revoked, ...drained.slice("drained: drained, ".length).split(",")].filter(Boolean).join(),
      `${unseen}`,
    );
  });
});

test("a throw on which the main thread decides is tried again, a dead letter, or held", async () => {
  await using it = scripted();
  const { bench, host } = it;
  await ready(it);
  const decisions: unknown[] = [];
  const course: string[][] = [];
  for (const [seq, after, isHolding] of [
    [1, 500, false],
    [2, undefined, false],
    [3, 500, true],
  ] as const) {
    bench.course.length = 0;
    bench.isHolding = isHolding;
    host.messages.length = 0;
    host.post({ type: "threw", seq, after, error: "Error: away", scope: "chat:1" });
    if (!isHolding) decisions.push(await host.item("decided"));
    else
      await eventually(
        () => bench.course.length === 2,
        () => bench.course,
      );
    course.push([...bench.course]);
  }
  assert.deepEqual(decisions, [
    { type: "decided", seq: 1, after: 500 },
    { type: "decided", seq: 2, after: undefined },
  ]);
  assert.deepEqual(course, [
    [
      "threw: 1, Error: away",
      "said: warn, the application threw; the event is tried again in 0.5 s, Error: away",
      "triedAgain: 1",
    ],
    [
      "threw: 2, Error: away",
      "said: error, the application threw; the event is now a dead letter, Error: away",
      "failed: 2, Error: away",
    ],
    ["threw: 3, Error: away", "said: debug, the application threw; the event is held, Error: away"],
  ]);
});
