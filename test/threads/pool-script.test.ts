import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { ApplicationLoadError } from "../../src/protocol/errors.ts";
import type { ToMain } from "../../src/protocol/port.ts";
import { hostTask } from "../host-task.ts";
import { PoolBench, type PoolBenchOptions } from "./pool-bench.ts";
import { type ScriptedHost, ScriptedThreads } from "./scripted-threads.ts";

// The test plays the hosts of the workers, so it decides in which order they are ready, drained and dead.

/** A pool, and the hosts of its workers. */
class Script extends PoolBench {
  readonly threads: ScriptedThreads;

  constructor(options: PoolBenchOptions = {}) {
    const threads = new ScriptedThreads();
    super({ ...options, threads });
    this.threads = threads;
  }

  /** The nth host that was started, from 0. */
  host(nth: number): Promise<ScriptedHost> {
    return this.threads.host(nth);
  }

  /** Starts the pool, and makes each worker ready. */
  async start(): Promise<ScriptedHost[]> {
    const start = this.pool.start();
    const hosts = [...this.threads.hosts];
    for (const host of hosts) host.post({ type: "ready" });
    await start;
    return hosts;
  }

  /** Resolves when the pool has handled everything that was posted to it. */
  async settle(): Promise<void> {
    for (let i = 0; i < 3; i++) await turn();
  }
}

const FAILURE = { name: "ApplicationLoadError", message: "bot.ts could not be imported" } as const;

describe("a number without a worker that serves", () => {
  test("a worker that dies before it serves is reported, and no event of it is looked for", async () => {
    await using script = new Script();
    const [first] = await script.start();
    first!.post({ type: "crash", message: "process.exit(7) was called", error: "", seq: 3 });
    first!.die(new Error("exit code 7"));
    const second = await script.host(1);
    second.post({ type: "unready", error: FAILURE });
    const third = await script.host(2);
    third.die(new Error("no room for a thread"));
    const fourth = await script.host(3);
    fourth.post({ type: "ready" });
    await script.ready(0, 2);
    assert.deepEqual(script.course, ["ready", "died", "ready"]);
    assert.equal(script.of("died")[0]!.culprit, 3);
    assert.deepEqual(script.diagnostics, ["0 ready", "0 died: crash", "0 died: start", "0 died: other", "0 ready"]);
    assert.equal(script.of("said").length, 3);
    assert.deepEqual(script.pauses, [1, 2, 3]);
  });

  test("the quarantine starts when the dead worker's replacement is ready", async () => {
    await using script = new Script({ workers: 2 });
    const [, second] = await script.start();
    second!.die(new Error("dead"));
    const replacement = await script.host(2);
    script.pool.startQuarantine();
    assert.equal(script.threads.hosts.length, 3);
    replacement.post({ type: "ready" });
    await script.ready(1, 2);
    script.pool.startQuarantine();
    assert.equal(script.threads.hosts.length, 4);
  });

  test("a worker that is killed because it cannot start dies of the application's error", async () => {
    await using script = new Script();
    const [first] = await script.start();
    first!.die(new Error("dead"));
    (await script.host(1)).post({ type: "unready", error: { ...FAILURE, detail: "SyntaxError" } });
    const { error } = await script.died(0, 2);
    assert.ok(error instanceof ApplicationLoadError);
    assert.equal(error.message, FAILURE.message);
    assert.equal(error.cause, "SyntaxError");
  });

  test("a replacement that cannot start leaves the number to another worker if the old one died meanwhile", async () => {
    await using script = new Script();
    const [old] = await script.start();
    const reload = assert.rejects(script.pool.reload(), ApplicationLoadError);
    const successor = await script.host(1);
    old!.die(new Error("dead"));
    await script.until("died");
    assert.deepEqual(script.pauses, [], "the replacement may yet come");
    successor.post({ type: "unready", error: FAILURE });
    await reload;
    (await script.host(2)).post({ type: "ready" });
    await script.ready(0, 2);
    assert.deepEqual(script.pauses, [1]);
    assert.deepEqual(script.diagnostics, ["0 ready", "0 died: other", "0 ready"]);
  });

  test("a replacement that is ready first ends a worker that is being started again", async () => {
    await using script = new Script();
    const [first] = await script.start();
    first!.die(new Error("dead"));
    const again = await script.host(1);
    const reload = script.pool.reload();
    const successor = await script.host(2);
    successor.post({ type: "ready" });
    await reload;
    assert.equal(again.killed?.message, "worker 0 has been replaced");
    await script.settle();
    assert.deepEqual(script.course, ["ready", "died", "ready"]);
    assert.equal(script.threads.hosts.length, 3);
  });

  test("a worker that is being started again and is ready first is replaced like any other", async () => {
    await using script = new Script();
    const [first] = await script.start();
    first!.die(new Error("dead"));
    const again = await script.host(1);
    const reload = script.pool.reload();
    const successor = await script.host(2);
    again.post({ type: "ready" });
    await script.ready(0, 2);
    successor.post({ type: "ready" });
    await again.item("drain");
    again.post({ type: "drained", unseen: [] }, { type: "ended" });
    await reload;
    assert.deepEqual(script.course, ["ready", "died", "ready", "paused", "drained", "ready"]);
  });
});

describe("while a number is handed over", () => {
  /** A script whose only worker is being replaced: the new one is ready, and the old one finishes. */
  async function handingOver(options: PoolBenchOptions = {}) {
    const script = new Script(options);
    const [old] = await script.start();
    const reload = script.pool.reload();
    const successor = await script.host(1);
    successor.post({ type: "ready" });
    await old!.item("drain");
    return { script, old: old!, successor, reload, [Symbol.asyncDispose]: () => script[Symbol.asyncDispose]() };
  }

  test("the old worker is told to drain for a reload, and no worker serves until it has", async () => {
    await using it = await handingOver();
    const { script, old, reload } = it;
    assert.deepEqual(await old.item("drain"), { type: "drain", reason: "reload", signal: "SIGTERM" });
    await script.settle();
    assert.deepEqual(script.course, ["ready", "paused"]);
    old.post({ type: "settled", seqs: [1] });
    old.post({ type: "drained", unseen: [2] });
    await script.ready(0, 2);
    assert.deepEqual(script.course, ["ready", "paused", "drained", "ready"]);
    assert.deepEqual(script.of("settled")[0]!.seqs, [1]);
    assert.deepEqual(script.of("drained")[0]!.unseen, [2]);
    old.post({ type: "ended" });
    await reload;
    assert.equal(old.killed?.message, "worker 0 has ended");
  });

  test("the old worker drains when the deliveries to it are posted, and not before", async () => {
    await using script = new Script();
    const [old] = await script.start();
    const posted = Promise.withResolvers<void>();
    script.posted = posted.promise;
    void script.pool.reload();
    (await script.host(1)).post({ type: "ready" });
    await script.until("paused");
    await script.settle();
    assert.equal(
      old!.messages.flat().some(({ type }) => type === "drain"),
      false,
    );
    posted.resolve();
    await old!.item("drain");
  });

  test("a third worker serves at once if the second died after the old one was drained", async () => {
    await using it = await handingOver();
    const { script, old, successor } = it;
    successor.die(new Error("dead"));
    await script.died(0);
    assert.deepEqual(script.course, ["ready", "paused"], "the old one still holds its events");
    old.post({ type: "drained", unseen: [] });
    await script.until("drained");
    const third = await script.host(2);
    third.post({ type: "ready" });
    await script.ready(0, 2);
    assert.deepEqual(script.course, ["ready", "paused", "drained", "ready"]);
    assert.deepEqual(script.pauses, [1]);
  });

  test("an old worker that dies after it was drained changes nothing", async () => {
    await using it = await handingOver();
    const { script, old, reload } = it;
    old.post({ type: "drained", unseen: [] });
    await script.ready(0, 2);
    old.die(new Error("its lifespan crashed"));
    await reload;
    assert.deepEqual(script.course, ["ready", "paused", "drained", "ready"]);
    assert.deepEqual(script.diagnostics, ["0 ready", "0 replaced: reload", "0 ready"]);
    assert.deepEqual(script.pauses, []);
  });

  test("an old worker whose lifespan does not end is ended in time, and blamed for nothing", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    await using it = await handingOver({ grace: 20_000 });
    const { script, old, reload } = it;
    old.post({ type: "drained", unseen: [] });
    await script.ready(0, 2);
    t.mock.timers.tick(19_999);
    assert.equal(old.isKilled, false);
    t.mock.timers.tick(1);
    assert.equal(old.killed?.message, "worker 0 did not finish in time");
    await reload;
    assert.deepEqual(script.course, ["ready", "paused", "drained", "ready"]);
    assert.equal(script.logged("warn").length, 1);
  });

  test("a stop does not end the hand-over early: the new worker does not serve", async () => {
    await using it = await handingOver();
    const { script, old, successor } = it;
    const drained = script.pool.drain("shutdown");
    await successor.item("drain");
    successor.post({ type: "drained", unseen: [] }, { type: "ended" });
    await script.settle();
    assert.deepEqual(script.course, ["ready", "paused"], "the old one still holds its events");
    old.post({ type: "drained", unseen: [7] }, { type: "ended" });
    await drained;
    assert.deepEqual(
      script.of("drained").map(({ unseen }) => unseen),
      [[7]],
    );
  });
});

describe("without memory for another worker", () => {
  const room = { has: () => false, measure() {}, costOf: () => 0 };

  test("the quarantine does not start, and what waits for it goes to the other workers", async () => {
    await using script = new Script({ room });
    await script.start();
    script.pool.startQuarantine();
    assert.equal(script.threads.hosts.length, 1);
    assert.equal(script.of("without quarantine").length, 1);
    assert.match(script.of("logged")[0]!.message, /no memory for the quarantine/);
  });

  test("a worker that is down has its room, which the quarantine does not get", async () => {
    await using script = new Script({ workers: 2, room: { ...room, has: (_, count = 1) => count === 1 } });
    const [, second] = await script.start();
    second!.die(new Error("dead"));
    (await script.host(2)).die(new Error("dead again"));
    await script.host(3);
    script.pool.startQuarantine();
    assert.equal(script.of("without quarantine").length, 1);
    assert.equal(script.threads.hosts.length, 4);
  });

  test("a quarantine that finishes its events is waited for before they go elsewhere", async () => {
    let hasRoom = true;
    await using script = new Script({ room: { ...room, has: () => hasRoom } });
    const [old] = await script.start();
    script.pool.startQuarantine();
    const quarantine = await script.host(1);
    quarantine.post({ type: "ready" });
    await script.ready(1);
    const reload = script.pool.reload();
    (await script.host(2)).post({ type: "ready" });
    await quarantine.item("drain");
    hasRoom = false;
    script.pool.startQuarantine();
    assert.equal(script.of("without quarantine").length, 0);
    quarantine.post({ type: "drained", unseen: [] });
    await script.until("drained");
    script.pool.startQuarantine();
    assert.equal(script.of("without quarantine").length, 1);
    assert.equal(script.threads.hosts.length, 3);
    old!.post({ type: "drained", unseen: [] }, { type: "ended" });
    await reload;
  });

  test("the old worker ends before the new one starts, and its events go to the new one", async () => {
    await using script = new Script({ room });
    const [old] = await script.start();
    const reload = script.pool.reload();
    await old!.item("drain");
    assert.equal(script.threads.hosts.length, 1);
    old!.post({ type: "drained", unseen: [7] });
    old!.post({ type: "ended" });
    const next = await script.host(1);
    assert.equal(old!.isKilled, true);
    next.post({ type: "ready" });
    await reload;
    assert.deepEqual(script.course, ["ready", "paused", "drained", "ready"]);
    assert.deepEqual(script.diagnostics, ["0 ready", "0 replaced: reload", "0 ready"]);
  });

  test("a worker that is being started again ends first, too", async () => {
    await using script = new Script({ room });
    const [first] = await script.start();
    first!.die(new Error("dead"));
    const again = await script.host(1);
    const reload = script.pool.reload();
    const next = await script.host(2);
    assert.equal(again.killed?.message, "worker 0 is not wanted any more");
    next.post({ type: "ready" });
    await reload;
    assert.deepEqual(script.course, ["ready", "died", "ready"]);
  });

  test("a new worker that cannot start fails the reload, and is started again", async () => {
    await using script = new Script({ room });
    const [old] = await script.start();
    const reload = script.pool.reload();
    await old!.item("drain");
    old!.post({ type: "drained", unseen: [] });
    old!.post({ type: "ended" });
    (await script.host(1)).post({ type: "unready", error: FAILURE });
    await assert.rejects(reload, ApplicationLoadError);
    (await script.host(2)).post({ type: "ready" });
    await script.ready(0, 2);
    assert.deepEqual(script.pauses, [2]);
  });
});

describe("a bot's program", () => {
  const program = {
    library: "grammY 1.46.0",
    untested: [],
    started: "bot.start()",
    updates: [],
    dropsPending: false,
  };
  const PROGRAM: ToMain = { type: "ready", program, hazards: ["listens"] };
  const task = hostTask({ application: "bot.ts", directory: "/", mayBeProgram: true });

  /** A pool whose first worker has told that it is a program. */
  async function serving(options: PoolBenchOptions = {}) {
    const script = new Script({ task, workers: 3, ...options });
    const start = script.pool.start();
    const first = await script.host(0);
    first.post(PROGRAM);
    return { script, first, start, [Symbol.asyncDispose]: () => script[Symbol.asyncDispose]() };
  }

  test("has one worker, which tells before it serves", async () => {
    await using it = await serving();
    await it.start;
    const { script } = it;
    assert.equal(script.threads.hosts.length, 1);
    assert.deepEqual(script.facts.map(({ type }) => type).slice(0, 3), ["program", "diagnostic", "ready"]);
    assert.deepEqual(script.pool.program, program);
    assert.deepEqual([script.pool.status.length, script.logged("warn")], [1, []]);
  });

  test("has more if more are asked for, which start after the first; what goes wrong in several is said before", async () => {
    await using it = await serving({ programWorkers: 2 });
    const { script } = it;
    await script.host(1);
    assert.deepEqual(script.logged("warn"), ["each of the 2 workers listens"]);
    (await script.host(1)).post(PROGRAM);
    await it.start;
    assert.equal(script.threads.hosts.length, 2);
    assert.deepEqual(script.of("program"), [{ type: "program", workers: 2 }]);
  });

  test("is none if the first worker is an application: the others start then", async () => {
    await using script = new Script({ task, workers: 3 });
    const start = script.pool.start();
    assert.equal(script.threads.hosts.length, 1);
    for (const nth of [0, 1, 2]) (await script.host(nth)).post({ type: "ready" });
    await start;
    assert.deepEqual([script.pool.status.length, script.of("program")], [3, []]);
  });

  test("ends before its replacement starts, which serves", async () => {
    await using it = await serving();
    await it.start;
    const { script, first } = it;
    const reload = script.pool.reload();
    await script.settle();
    assert.equal(script.threads.hosts.length, 1);
    await first.item("drain");
    first.post({ type: "drained", unseen: [7] });
    await script.until("drained");
    await script.settle();
    assert.equal(script.threads.hosts.length, 1, "the old one may still hold a port");
    first.die(new Error("the thread ended by itself"));
    (await script.host(1)).post(PROGRAM);
    await reload;
    assert.deepEqual(script.course, ["ready", "paused", "drained", "ready"]);
    assert.deepEqual(script.diagnostics, ["0 ready", "0 replaced: reload", "0 ready"]);
  });

  for (const cause of ["recycle-after", "memory-limit"] as const) {
    test(`ends before its replacement starts also if the cause is ${cause}`, async (t) => {
      const clocks = cause === "memory-limit" ? new Clocks(t) : undefined;
      const NEVER = Number.POSITIVE_INFINITY;
      const limits =
        clocks === undefined ? { recycleAfter: 1, memoryLimit: NEVER } : { recycleAfter: NEVER, memoryLimit: 1 };
      await using it = await serving({ restart: { ...limits, watchesFiles: false } });
      await it.start;
      const { script, first } = it;
      if (clocks === undefined) first.post({ type: "settled", seqs: [1] });
      else {
        for (const _ of [1, 2]) {
          first.pulse.beat({ instances: 0, active: 0, heap: 1, external: 0 });
          clocks.pass(1000);
        }
      }
      await script.settle();
      assert.equal(script.threads.hosts.length, 1, "the old one lives");
      await first.item("drain");
      first.post({ type: "drained", unseen: [] });
      await script.until("drained");
      await script.settle();
      assert.equal(script.threads.hosts.length, 1, "the old one may still hold a port");
      first.die(new Error("the thread ended by itself"));
      (await script.host(1)).post(PROGRAM);
      await script.ready(0, 2);
      assert.deepEqual(script.diagnostics, ["0 ready", `0 replaced: ${cause}`, "0 ready"]);
    });
  }

  test("that dies as it is replaced has died like any other", async () => {
    await using it = await serving();
    await it.start;
    const { script, first } = it;
    const reload = script.pool.reload();
    await first.item("drain");
    first.post({ type: "crash", message: "process.exit(7) was called", error: "", seq: 3 });
    first.die(new Error("dead"));
    (await script.host(1)).post(PROGRAM);
    await reload;
    assert.deepEqual(script.course, ["ready", "paused", "died", "ready"]);
    assert.equal(script.of("died")[0]!.culprit, 3);
    assert.equal(script.threads.hosts.length, 2);
  });

  test("is down while its code does not start: it is tried again after a pause, and at once by a reload", async () => {
    await using it = await serving({ pause: () => 3_600_000 });
    await it.start;
    const { script, first } = it;
    const reload = script.pool.reload();
    await first.item("drain");
    first.post({ type: "drained", unseen: [] }, { type: "ended" });
    (await script.host(1)).post({ type: "unready", error: FAILURE });
    await assert.rejects(reload, ApplicationLoadError);
    assert.deepEqual([script.pool.reloadFailure, script.pool.status[0]!.isUp], [FAILURE.message, false]);
    const again = script.pool.reload();
    (await script.host(2)).post(PROGRAM);
    await again;
    assert.deepEqual([script.pool.reloadFailure, script.pool.status[0]!.isUp], [undefined, true]);
    assert.equal(script.threads.hosts.length, 3);
  });

  test("a reload ends a replacement that is not ready, and then starts one", async () => {
    await using it = await serving();
    await it.start;
    const { script, first } = it;
    const reloads = [script.pool.reload()];
    await first.item("drain");
    first.post({ type: "drained", unseen: [] }, { type: "ended" });
    const given = await script.host(1);
    reloads.push(script.pool.reload());
    const last = await script.host(2);
    assert.equal(given.isKilled, true);
    last.post(PROGRAM);
    await Promise.all(reloads);
    await script.settle();
    assert.equal(script.threads.hosts.length, 3);
    assert.deepEqual(script.pauses, []);
    assert.deepEqual(script.diagnostics, ["0 ready", "0 replaced: reload", "0 ready"]);
  });
});

describe("a reload that is given up", () => {
  test("a new worker that is not ready is killed, and the next one begins", async () => {
    await using script = new Script();
    const [old] = await script.start();
    const reloads = [script.pool.reload()];
    const given = await script.host(1);
    reloads.push(script.pool.reload());
    const successor = await script.host(2);
    assert.equal(given.killed?.message, "worker 0 is not wanted any more");
    successor.post({ type: "ready" });
    await old!.item("drain");
    old!.post({ type: "drained", unseen: [] }, { type: "ended" });
    await Promise.all(reloads);
    assert.deepEqual(script.course, ["ready", "paused", "drained", "ready"]);
    assert.deepEqual(script.diagnostics, ["0 ready", "0 replaced: reload", "0 ready"]);
  });

  test("a new worker that is ready is not killed: it serves, and is replaced in its turn", async () => {
    await using script = new Script();
    const [old] = await script.start();
    const reloads = [script.pool.reload()];
    const second = await script.host(1);
    second.post({ type: "ready" });
    await old!.item("drain");
    reloads.push(script.pool.reload());
    assert.equal(second.isKilled, false);
    old!.post({ type: "drained", unseen: [] }, { type: "ended" });
    await script.ready(0, 2);
    const third = await script.host(2);
    third.post({ type: "ready" });
    await second.item("drain");
    second.post({ type: "drained", unseen: [] }, { type: "ended" });
    await Promise.all(reloads);
    await script.ready(0, 3);
  });

  test("a new worker that is ready in the moment of the next reload is not killed either", async () => {
    await using script = new Script();
    const [old] = await script.start();
    const reloads = [script.pool.reload()];
    const second = await script.host(1);
    script.onFact = ({ type }) => {
      if (type === "paused") reloads.push(script.pool.reload());
    };
    second.post({ type: "ready" });
    await old!.item("drain");
    script.onFact = () => {};
    assert.equal(second.isKilled, false);
    old!.post({ type: "drained", unseen: [] }, { type: "ended" });
    (await script.host(2)).post({ type: "ready" });
    await second.item("drain");
    second.post({ type: "drained", unseen: [] }, { type: "ended" });
    await Promise.all(reloads);
    await script.ready(0, 3);
  });

  test("a reload before the first start is over waits for it", async () => {
    await using script = new Script({ workers: 2 });
    const start = script.pool.start();
    script.threads.hosts[0]!.post({ type: "ready" });
    await script.ready(0);
    const reload = script.pool.reload();
    await script.settle();
    assert.equal(script.threads.hosts.length, 2);
    script.threads.hosts[1]!.post({ type: "ready" });
    await start;
    (await script.host(2)).post({ type: "ready" });
    await script.pool.destroy();
    await reload;
  });
});

describe("a stop", () => {
  test("a worker that is being started again is not reported as drained: it held no events", async () => {
    await using script = new Script({ workers: 2 });
    const [first, other] = await script.start();
    first!.die(new Error("dead"));
    const again = await script.host(2);
    again.post({ type: "startup" });
    await script.settle();
    const drained = script.pool.drain("shutdown");
    again.post({ type: "ready" });
    await again.item("drain");
    for (const host of [again, other!]) host.post({ type: "drained", unseen: [] }, { type: "ended" });
    await drained;
    assert.deepEqual(
      script.of("drained").map(({ worker }) => worker),
      [1],
    );
  });

  test("a worker whose application is not imported yet ends at once, and the others in order", async () => {
    await using script = new Script({ workers: 2 });
    const start = assert.rejects(script.pool.start(), /worker 1 is not wanted any more/);
    const [first, second] = script.threads.hosts;
    first!.post({ type: "startup" });
    await script.settle();
    const drained = script.pool.drain("shutdown");
    assert.deepEqual([first!.isKilled, second!.isKilled], [false, true]);
    first!.post({ type: "ready" });
    await first!.item("drain");
    first!.post({ type: "drained", unseen: [] }, { type: "ended" });
    await drained;
    await start;
  });

  test("a replacement that starts is not reported as drained, and the old worker finishes its events", async () => {
    await using script = new Script();
    const [old] = await script.start();
    const reload = script.pool.reload();
    const successor = await script.host(1);
    const drained = script.pool.drain("shutdown");
    await reload;
    old!.post({ type: "settled", seqs: [1] }, { type: "drained", unseen: [2] }, { type: "ended" });
    await drained;
    assert.equal(successor.killed?.message, "worker 0 is not wanted any more");
    assert.deepEqual(script.course, ["ready", "drained"]);
  });

  test("a replacement that is ready in the moment of a stop does not end the old worker", async () => {
    await using script = new Script();
    const [old] = await script.start();
    const reload = script.pool.reload();
    const successor = await script.host(1);
    // The message is still in its port when the stop gives it up.
    successor.post({ type: "ready" });
    const drained = script.pool.drain("shutdown");
    await old!.item("drain");
    await script.settle();
    assert.equal(old!.isKilled, false);
    old!.post({ type: "settled", seqs: [1] }, { type: "drained", unseen: [] }, { type: "ended" });
    await drained;
    await script.pool.destroy();
    await reload;
    assert.deepEqual(script.course, ["ready", "drained"]);
    assert.equal(script.of("settled").length, 1);
  });

  test("a worker whose pause ends during a stop is not started", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    await using script = new Script({ workers: 2, pause: () => 5000 });
    const [first, other] = await script.start();
    first!.die(new Error("dead"));
    await script.until("died");
    const drained = script.pool.drain("shutdown");
    t.mock.timers.tick(5000);
    assert.equal(script.threads.hosts.length, 2);
    other!.post({ type: "drained", unseen: [] }, { type: "ended" });
    await drained;
    await script.pool.destroy();
    t.mock.timers.tick(5000);
    assert.equal(script.threads.hosts.length, 2);
  });

  test("a worker that dies during a stop is neither reported nor started again", async () => {
    await using script = new Script();
    const [host] = await script.start();
    const drained = script.pool.drain("shutdown");
    host!.die(new Error("dead"));
    await drained;
    assert.deepEqual(script.course, ["ready"]);
    assert.deepEqual(script.diagnostics, ["0 ready"]);
    assert.deepEqual(script.pauses, []);
  });
});

/** Clocks that the test sets: performance.now(), the one of the pulses, and the timers. */
class Clocks {
  now = 1_000_000;
  readonly #timers: TestContext["mock"]["timers"];

  constructor(t: TestContext) {
    t.mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
    t.mock.method(performance, "now", () => this.now);
    t.mock.method(process.hrtime, "bigint", () => BigInt(this.now) * 1_000_000n);
    this.#timers = t.mock.timers;
  }

  /** Time passes, and timers fire when they are due. */
  pass(milliseconds: number): void {
    for (let left = milliseconds; left > 0; left -= 250) {
      const step = Math.min(left, 250);
      this.now += step;
      this.#timers.tick(step);
    }
  }

  /** The computer sleeps: time passes, and no timer fires. */
  sleep(milliseconds: number): void {
    this.now += milliseconds;
  }
}

describe("the pause before a dead worker is started again", () => {
  test("a reload ends the pause for good, and the next death has a pause of its own", async (t) => {
    const clocks = new Clocks(t);
    await using script = new Script({ pause: () => 5000 });
    const [first] = await script.start();
    first!.die(new Error("dead"));
    await script.died(0);
    const reload = script.pool.reload();
    const second = await script.host(1);
    clocks.pass(5000);
    assert.equal(script.threads.hosts.length, 2);
    second.post({ type: "ready" });
    await reload;
    second.die(new Error("dead"));
    await script.died(0, 2);
    clocks.pass(4750);
    assert.equal(script.threads.hosts.length, 2);
    clocks.pass(250);
    (await script.host(2)).post({ type: "ready" });
    await script.ready(0, 3);
  });

  test("deaths in a row are counted until a worker has lived for a minute", async (t) => {
    const clocks = new Clocks(t);
    await using script = new Script();
    const lives = [0, 59_999, 0, 60_000, 59_999, 600_000, 0];
    await script.start();
    for (const [life, length] of lives.entries()) {
      clocks.pass(length);
      script.threads.hosts[life]!.die(new Error("dead"));
      await script.died(0, life + 1);
      clocks.pass(1);
      (await script.host(life + 1)).post({ type: "ready" });
      await script.ready(0, life + 2);
    }
    assert.deepEqual(script.pauses, [1, 2, 3, 1, 2, 1, 2]);
  });

  test("a worker is started again at once after its first death, and later after the next", async (t) => {
    const clocks = new Clocks(t);
    await using script = new Script({ hasPause: true });
    await script.start();
    script.threads.hosts[0]!.die(new Error("dead"));
    await script.died(0);
    clocks.pass(1);
    assert.equal(script.threads.hosts.length, 2, "at once");
    script.threads.hosts[1]!.die(new Error("dead"));
    await script.died(0, 2);
    clocks.pass(159);
    assert.equal(script.threads.hosts.length, 2);
    clocks.pass(41);
    assert.equal(script.threads.hosts.length, 3, "200 ms at most");
    script.threads.hosts[2]!.die(new Error("dead"));
    await script.died(0, 3);
    clocks.pass(319);
    assert.equal(script.threads.hosts.length, 3);
    clocks.pass(81);
    assert.equal(script.threads.hosts.length, 4, "400 ms at most");
  });
});

describe("stalls", () => {
  const stalls = (script: Script) => script.diagnostics.filter((line) => line.endsWith("stalled"));

  test("a silent worker is reported after 10 s, once, and killed after --stall-timeout", async (t) => {
    const clocks = new Clocks(t);
    await using script = new Script({ stallTimeout: 30_000 });
    const [host] = await script.start();
    host!.pulse.beat();
    clocks.pass(9750);
    assert.deepEqual(stalls(script), []);
    clocks.pass(250);
    assert.deepEqual(stalls(script), ["0 stalled"]);
    assert.deepEqual(script.logged("warn"), ["a worker is stalled: its event loop has not turned for 10 s"]);
    clocks.pass(19_750);
    assert.equal(host!.isKilled, false);
    clocks.pass(250);
    assert.equal(host!.killed?.message, "worker 0 was stalled");
    assert.equal((await script.died(0)).cause, "stall");
    assert.deepEqual(stalls(script), ["0 stalled"]);
  });

  test("a worker that goes on is reported again at its next stall", async (t) => {
    const clocks = new Clocks(t);
    await using script = new Script();
    const [host] = await script.start();
    for (let stall = 1; stall <= 3; stall++) {
      host!.pulse.beat();
      clocks.pass(1000);
      assert.equal(stalls(script).length, stall - 1);
      clocks.pass(3_600_000);
      assert.equal(stalls(script).length, stall);
    }
    assert.equal(host!.isKilled, false, "without --stall-timeout no worker is killed");
  });

  test("a worker that went on after a stall did not die of it", async (t) => {
    const clocks = new Clocks(t);
    await using script = new Script({ stallTimeout: 30_000 });
    const [host] = await script.start();
    host!.pulse.beat();
    clocks.pass(20_000);
    host!.pulse.beat();
    clocks.pass(250);
    host!.die(new Error("dead"));
    assert.equal((await script.died(0)).cause, "other");
  });

  test("a stall is reported before the kill if --stall-timeout is shorter than 10 s", async (t) => {
    const clocks = new Clocks(t);
    await using script = new Script({ stallTimeout: 1000 });
    const [host] = await script.start();
    host!.pulse.beat();
    clocks.pass(750);
    assert.deepEqual(stalls(script), []);
    clocks.pass(250);
    assert.deepEqual(stalls(script), ["0 stalled"]);
    assert.equal(host!.killed?.message, "worker 0 was stalled");
  });

  test("a stall without a known event is logged without a place", async (t) => {
    const clocks = new Clocks(t);
    await using script = new Script();
    const [host] = await script.start();
    host!.pulse.beat();
    clocks.pass(10_000);
    assert.deepEqual(script.of("logged")[0]!.fields, { worker: 0 });
  });

  test("workers are not to blame for a computer that slept", async (t) => {
    const clocks = new Clocks(t);
    await using script = new Script({ workers: 2, stallTimeout: 30_000 });
    const hosts = await script.start();
    for (const host of hosts) host.pulse.beat();
    clocks.pass(1000);
    clocks.sleep(8 * 3_600_000);
    clocks.pass(250);
    assert.deepEqual(stalls(script), []);
    assert.deepEqual(
      hosts.map(({ killed }) => killed),
      [undefined, undefined],
    );
    // One of them goes on after the sleep; the other one is stalled indeed.
    hosts[0]!.pulse.beat();
    clocks.pass(250);
    assert.deepEqual(stalls(script), ["1 stalled"]);
    assert.deepEqual(
      hosts.map(({ killed }) => killed?.message),
      [undefined, "worker 1 was stalled"],
    );
  });

  test("looks that come a little late still count", async (t) => {
    const clocks = new Clocks(t);
    await using script = new Script({ stallTimeout: 30_000 });
    const [host] = await script.start();
    host!.pulse.beat();
    for (let look = 0; look < 40; look++) {
      clocks.sleep(500);
      clocks.pass(250);
    }
    assert.equal(host!.killed?.message, "worker 0 was stalled");
  });
});

describe("the state of the workers", () => {
  test("status has each number's worker, alive or dead", async () => {
    await using script = new Script({ workers: 2, pause: () => 3_600_000 });
    const start = script.pool.start();
    assert.deepEqual(
      script.pool.status.map(({ number, isUp }) => [number, isUp]),
      [
        [0, false],
        [1, false],
      ],
    );
    for (const host of script.threads.hosts) host.post({ type: "ready" });
    await start;
    const [host] = script.threads.hosts;
    host!.pulse.beat({ instances: 3, active: 10, heap: 20, external: 30 });
    script.threads.hosts[1]!.die(new Error("dead"));
    await script.until("died");
    const [first, second] = script.pool.status;
    assert.equal(first!.isUp, true);
    assert.equal(second!.isUp, false);
    const { instances, heap, external } = first!.condition;
    assert.deepEqual({ instances, heap, external }, { instances: 3, heap: 20, external: 30 });
  });

  test("dropped counts the instances of all workers, dead ones included", async () => {
    await using script = new Script({ workers: 2 });
    const [first, second] = await script.start();
    for (const reason of ["idle", "idle", "evicted"] as const) first!.pulse.count(reason);
    second!.pulse.count("evicted");
    assert.deepEqual(script.pool.dropped, { idle: 2, evicted: 2 });
    first!.die(new Error("dead"));
    await script.until("died");
    assert.deepEqual(script.pool.dropped, { idle: 2, evicted: 2 });
    (await script.host(2)).pulse.count("idle");
    assert.deepEqual(script.pool.dropped, { idle: 3, evicted: 2 });
  });

  test("setDebug() reaches every worker, and a new worker has the level of its time", async () => {
    await using script = new Script({ workers: 2 });
    const hosts = await script.start();
    assert.deepEqual(
      hosts.map(({ task }) => task.debug),
      [false, false],
    );
    script.isDebug = true;
    script.pool.setDebug(true);
    for (const host of hosts) assert.equal((await host.item("debug")).debug, true);
    hosts[0]!.die(new Error("dead"));
    assert.equal((await script.host(2)).task.debug, true);
  });
});

describe("the rolling restart of the workers", () => {
  test("a worker that has settled its events is recycled; failed events count, too", async () => {
    await using script = new Script({
      restart: { recycleAfter: 4, memoryLimit: Number.POSITIVE_INFINITY, watchesFiles: false },
    });
    const [host] = await script.start();
    host!.post({ type: "settled", seqs: [1, 2] }, { type: "failed", seq: 3, error: "" });
    await script.until("failed");
    assert.equal(script.threads.hosts.length, 1);
    host!.post({ type: "settled", seqs: [4] });
    (await script.host(1)).post({ type: "ready" });
    await host!.item("drain");
    assert.deepEqual(script.diagnostics, ["0 ready", "0 replaced: recycle-after"]);
  });

  test("the largest worker is replaced above --memory-limit, by its heap and its external memory", async (t) => {
    const clocks = new Clocks(t);
    await using script = new Script({
      workers: 3,
      restart: { recycleAfter: Number.POSITIVE_INFINITY, memoryLimit: 1, watchesFiles: false },
    });
    const hosts = await script.start();
    const beat = () => {
      for (const [worker, host] of hosts.entries()) {
        host.pulse.beat({ instances: 0, active: 0, heap: 30 - worker * 10, external: worker === 1 ? 25 : 0 });
      }
    };
    beat();
    clocks.pass(1000);
    beat();
    clocks.pass(1000);
    const successor = await script.host(3);
    assert.equal(successor.task.worker, 1);
    assert.match(script.logged("warn")[0]!, /above --memory-limit/);
  });

  test("a worker that has not reported its memory for two looks is waited for", async (t) => {
    const clocks = new Clocks(t);
    await using script = new Script({
      restart: { recycleAfter: Number.POSITIVE_INFINITY, memoryLimit: 1, watchesFiles: false },
    });
    const [host] = await script.start();
    host!.pulse.beat({ instances: 0, active: 0, heap: 1, external: 0 });
    clocks.sleep(2000);
    clocks.pass(6000);
    await script.settle();
    assert.equal(script.threads.hosts.length, 1);
    host!.pulse.beat({ instances: 0, active: 0, heap: 1, external: 0 });
    clocks.pass(1000);
    await script.host(1);
  });

  test("an imported file is watched", async (t) => {
    const { SourceWatch } = await import("../../src/threads/source-watch.ts");
    const add = t.mock.method(SourceWatch.prototype, "add", async () => {});
    await using script = new Script({
      restart: {
        recycleAfter: Number.POSITIVE_INFINITY,
        memoryLimit: Number.POSITIVE_INFINITY,
        watchesFiles: true,
      },
    });
    const [host] = await script.start();
    host!.post({ type: "imported", file: "/bot.ts" });
    await script.settle();
    assert.deepEqual(add.mock.calls[0]!.arguments, ["/bot.ts"]);
  });
});
