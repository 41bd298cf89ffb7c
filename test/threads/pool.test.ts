import assert from "node:assert/strict";
import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { resolve } from "node:path";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { ApplicationLoadError, StartupFailedError, WorkerError } from "../../src/protocol/errors.ts";
import type { Threads } from "../../src/threads/threads.ts";
import { Folder } from "../folder.ts";
import { PoolBench } from "./pool-bench.ts";

// With real threads. pool-script.test.ts has the cases in which the order of events decides.

/** A variable of the environment, until the end of the block. */
class Variable implements Disposable {
  readonly #name: string;

  constructor(name: string, value: string) {
    this.#name = name;
    process.env[name] = value;
  }

  [Symbol.dispose](): void {
    delete process.env[this.#name];
  }
}

const RESTART = {
  recycleAfter: Number.POSITIVE_INFINITY,
  memoryLimit: Number.POSITIVE_INFINITY,
  watchesFiles: false,
};

describe("start()", () => {
  test("start() resolves when every worker is ready", async () => {
    using folder = new Folder();
    using _ = new Variable("TURNSTILE", folder.path);
    await using bench = new PoolBench({ application: "first-is-fast.ts:application", workers: 3 });
    let started = false;
    const start = bench.pool.start().then(() => {
      started = true;
    });
    await bench.until("ready");
    await turn();
    assert.equal(started, false);
    folder.write("go", "");
    await start;
    assert.deepEqual([...bench.workers.keys()].sort(), [0, 1, 2]);
    for (const worker of [0, 1, 2]) await bench.answers(worker);
  });

  test("the constructor starts no worker", async () => {
    await using bench = new PoolBench();
    await turn();
    assert.deepEqual(bench.pool.status, []);
    assert.deepEqual(bench.facts, []);
  });

  const failures: [how: string, application: string, error: new (...args: never[]) => Error, message: RegExp][] = [
    ["there is no such file", "nowhere.ts:application", ApplicationLoadError, /no such file: .*nowhere\.ts/],
    ["the file throws", "throws-when-imported.ts:application", ApplicationLoadError, /no database/],
    ["there is no such export", "app.ts:aplication", ApplicationLoadError, /did you mean "application"/],
    ["the startup fails", "startup-fails.ts:application", StartupFailedError, /no database/],
    ["the thread ends", "exits-when-imported.ts:application", WorkerError, /worker \d died while it started/],
  ];
  for (const [how, application, error, message] of failures) {
    test(`start() rejects if ${how}, and no worker is started again`, async () => {
      await using bench = new PoolBench({ application, workers: 2 });
      await assert.rejects(bench.pool.start(), (thrown) => {
        assert.ok(thrown instanceof error, String(thrown));
        assert.match(thrown.message, message);
        return true;
      });
      await turn();
      assert.deepEqual(bench.pauses, []);
      assert.deepEqual([...bench.course, ...bench.diagnostics], []);
    });
  }

  test("a worker that dies while others start is replaced, and start() goes on", async () => {
    using folder = new Folder();
    using _ = new Variable("TURNSTILE", folder.path);
    await using bench = new PoolBench({ application: "first-is-fast.ts:application", workers: 2 });
    const start = bench.pool.start();
    const { worker } = await bench.until("ready");
    bench.post(worker, "exit");
    await bench.until("died");
    folder.write("go", "");
    await start;
    await bench.ready(worker, 2);
    for (const number of [0, 1]) await bench.answers(number);
  });
});

describe("a worker that dies", () => {
  for (const [how, deed] of [
    ["by process.exit()", "exit"],
    ["of an uncaught error", "throw"],
  ] as const) {
    test(`a worker that dies ${how} is replaced, and the others go on`, async () => {
      await using bench = new PoolBench({ workers: 3 });
      await bench.pool.start();
      const others = [0, 2].map((worker) => bench.workers.get(worker));
      const culprit = bench.post(1, deed);
      const died = await bench.until("died");
      assert.deepEqual([died.culprit, died.guessed], [deed === "exit" ? culprit : undefined, [culprit]]);
      await bench.ready(1, 2);
      for (const worker of [0, 1, 2]) await bench.answers(worker);
      assert.deepEqual(
        [0, 2].map((worker) => bench.workers.get(worker)),
        others,
      );
      assert.equal(bench.of("died").length, 1);
      assert.deepEqual(bench.diagnostics.slice(3), ["1 died: crash", "1 ready"]);
    });
  }

  test("a worker is started again without a pause if an event is blamed for its death", async () => {
    await using bench = new PoolBench();
    bench.blames = true;
    await bench.pool.start();
    for (let death = 1; death <= 3; death++) {
      bench.post(0, "exit");
      await bench.ready(0, death + 1);
    }
    assert.deepEqual(bench.pauses, [1, 1, 1]);
  });

  test("a worker whose heap is full is replaced", async () => {
    await using bench = new PoolBench({ memory: 32 * 2 ** 20 });
    await bench.pool.start();
    bench.post(0, "hog");
    const { error, cause } = await bench.died(0);
    assert.match(error!.message, /memory/);
    assert.equal(cause, "memory");
    await bench.ready(0, 2);
    await bench.answers(0);
  });

  test("a worker whose event loop does not turn is reported, killed and replaced", async () => {
    await using bench = new PoolBench({ workers: 2, stallTimeout: 1500 });
    await bench.pool.start();
    const seq = bench.post(0, "block");
    const { error, cause } = await bench.died(0);
    assert.match(error!.message, /stalled/);
    assert.equal(cause, "stall");
    await bench.ready(0, 2);
    await bench.answers(0);
    await bench.answers(1);
    assert.deepEqual(
      bench.diagnostics.filter((line) => line.endsWith("stalled")),
      ["0 stalled"],
    );
    const { fields, message } = await bench.until("logged");
    assert.deepEqual(fields, { worker: 0, scope: `chat:${seq}`, update_id: seq, kind: "message" });
    assert.match(message, /^a worker is stalled: its event loop has not turned for \d+ s$/);
  });

  test("a worker that blocks while it starts is not stalled", async () => {
    await using bench = new PoolBench({ application: "slow-to-start.ts", stallTimeout: 1000 });
    await bench.pool.start();
    assert.deepEqual(bench.diagnostics, ["0 ready"]);
  });

  test("the last messages of a worker are handled before its death", async () => {
    await using bench = new PoolBench();
    await bench.pool.start();
    const seqs = Array.from({ length: 2000 }, () => bench.post(0, "be quiet"));
    await turn();
    bench.post(0, "exit");
    await bench.until("died");
    assert.deepEqual(
      bench.of("settled").flatMap((fact) => fact.seqs),
      seqs,
    );
    assert.equal(bench.facts.at(-1)!.type, "died");
    assert.match(bench.of("crashed")[0]!.message, /process\.exit\(7\)/);
    assert.deepEqual(
      bench.of("said").map(({ level, message }) => [level, message]),
      [["error", "a worker died; its unsettled events go to its replacement"]],
    );
  });

  test("events that are posted to a dead worker are dropped, and its replacement gets none of them", async () => {
    await using bench = new PoolBench();
    await bench.pool.start();
    const dead = bench.workers.get(0)!;
    bench.post(0, "exit");
    await bench.until("died");
    for (let i = 0; i < 3; i++) bench.post(0, "too late", dead);
    await turn();
    await bench.ready(0, 2);
    for (let i = 0; i < 3; i++) bench.post(0, "too late", dead);
    await bench.answers(0);
    assert.ok(!bench.of("call").some(({ text }) => text === "too late"));
  });

  test("a worker that dies again and again is replaced every time, and each death in a row is counted", async () => {
    await using bench = new PoolBench();
    await bench.pool.start();
    for (let death = 1; death <= 4; death++) {
      bench.post(0, "exit");
      await bench.ready(0, death + 1);
    }
    assert.deepEqual(bench.pauses, [1, 2, 3, 4]);
    await bench.answers(0);
  });

  test("a worker that cannot be started again says why, and serves as soon as it can be", async () => {
    using folder = new Folder();
    const obstacle = folder.join("obstacle");
    using _ = new Variable("BROKEN_WHILE", obstacle);
    await using bench = new PoolBench({ application: "broken-while.ts:application", pause: () => 10 });
    await bench.pool.start();
    folder.write("obstacle", "");
    bench.post(0, "exit");
    const { error, cause } = await bench.died(0, 2);
    assert.ok(error instanceof ApplicationLoadError);
    assert.match(error.message, /not while that file is there/);
    assert.equal(cause, "start");
    await bench.died(0, 4);
    rmSync(obstacle);
    await bench.ready(0, 2);
    await bench.answers(0);
    assert.equal(bench.of("died").length, 1, "it served once");
  });

  test("a worker that dies while the server's own files are being replaced serves as soon as they are", async () => {
    // Such a thread dies before it has its task, after which Piscina starts no other by itself.
    using folder = new Folder();
    for (const part of ["src", "workers", "package.json"])
      cpSync(resolve(part), folder.join(part), { recursive: true });
    symlinkSync(resolve("node_modules"), folder.join("node_modules"));
    const module = (await import(pathToFileURL(folder.join("src/threads/threads.ts")).href)) as {
      Threads: typeof Threads;
    };
    const threads = new module.Threads(2, Number.POSITIVE_INFINITY);
    threads.start();
    await using bench = new PoolBench({ workers: 2, pause: () => 10, threads });
    await bench.pool.start();
    const host = folder.join("workers/host.ts");
    renameSync(host, `${host}.old`);
    bench.post(0, "exit");
    bench.post(1, "exit");
    await bench.died(0, 3);
    await bench.died(1, 3);
    renameSync(`${host}.old`, host);
    for (const worker of [0, 1]) {
      await bench.ready(worker, 2);
      await bench.answers(worker);
    }
  });
});

describe("a replacement", () => {
  test("one worker is replaced by a new one of its number, and the others go on", async () => {
    // So the allowances are 3, 2 and 1.
    await using bench = new PoolBench({ workers: 3, restart: { ...RESTART, recycleAfter: 3 } });
    await bench.pool.start();
    const before = new Map(bench.workers);
    bench.facts.length = 0;
    bench.post(2, "be quiet");
    await bench.until("logged", ({ message }) => message === "workers have been replaced");
    assert.deepEqual(bench.course, ["paused", "drained", "ready"]);
    assert.deepEqual(bench.diagnostics, ["2 replaced: recycle-after", "2 ready"]);
    const after = new Map(bench.workers);
    for (const worker of [0, 1, 2]) assert.equal(after.get(worker) === before.get(worker), worker !== 2);
    await bench.answers(2);
    assert.deepEqual(bench.lines, ["shut down"]);
    assert.deepEqual(bench.pauses, []);
  });

  test("reload() replaces all workers, one at a time", async () => {
    await using bench = new PoolBench({ workers: 3 });
    await bench.pool.start();
    bench.facts.length = 0;
    await bench.pool.reload();
    assert.deepEqual(bench.diagnostics, [
      "0 replaced: reload",
      "0 ready",
      "1 replaced: reload",
      "1 ready",
      "2 replaced: reload",
      "2 ready",
    ]);
    assert.deepEqual(bench.lines, ["shut down", "shut down", "shut down"]);
    for (const worker of [0, 1, 2]) await bench.answers(worker);
  });

  test("the old worker finishes its event, and gives back those that it has not begun", async () => {
    await using bench = new PoolBench();
    await bench.pool.start();
    const old = bench.workers.get(0)!;
    const seq = bench.post(0, "wait for the end", old, 5);
    const unseen = [bench.post(0, "one", old, 5), bench.post(0, "two", old, 5)];
    await bench.pool.reload();
    assert.deepEqual(bench.of("drained")[0]!.unseen, unseen);
    const course = bench.facts.flatMap((fact) => {
      if (fact.type === "drained") return ["drained"];
      if (fact.type === "settled" && fact.seqs.includes(seq)) return ["settled"];
      return fact.type === "call" && fact.text === "waited" ? ["sent"] : [];
    });
    assert.deepEqual(course, ["sent", "settled", "drained"]);
    await bench.answers(0);
  });

  test("the old worker hands over before its lifespan ends", async () => {
    using folder = new Folder();
    using _ = new Variable("LINGER", folder.path);
    await using bench = new PoolBench({ application: "lingers.ts:application" });
    await bench.pool.start();
    const reload = bench.pool.reload();
    await bench.ready(0, 2);
    await bench.answers(0);
    folder.write("go", "");
    await reload;
  });

  for (const deed of ["hang", "block"]) {
    test(`an old worker whose application does not finish (${deed}) is ended in time, and blamed for nothing`, async () => {
      await using bench = new PoolBench({ grace: 50 });
      await bench.pool.start();
      bench.post(0, deed);
      await bench.pool.reload();
      assert.deepEqual(bench.course, ["ready", "paused", "drained", "ready"]);
      assert.deepEqual(bench.of("drained")[0]!.unseen, []);
      assert.deepEqual(bench.logged("warn"), ["a worker did not finish in time; it is ended"]);
      assert.deepEqual(bench.diagnostics, ["0 ready", "0 replaced: reload", "0 ready"]);
      await bench.answers(0);
    });
  }

  test("a stalled worker is killed after --stall-timeout although it is being replaced", async () => {
    await using bench = new PoolBench({ stallTimeout: 1500 });
    await bench.pool.start();
    bench.post(0, "block");
    await bench.pool.reload();
    assert.match((await bench.died(0)).error!.message, /stalled/);
    await bench.ready(0, 2);
    await bench.answers(0);
    assert.deepEqual(bench.course, ["ready", "paused", "died", "ready"]);
  });

  test("reload() rejects if the new worker cannot start, and the old one goes on", async () => {
    using folder = new Folder();
    const obstacle = folder.join("obstacle");
    using _ = new Variable("BROKEN_WHILE", obstacle);
    await using bench = new PoolBench({ application: "broken-while.ts:application" });
    await bench.pool.start();
    folder.write("obstacle", "");
    await assert.rejects(bench.pool.reload(), { name: "ApplicationLoadError", message: /not while/ });
    assert.match(bench.pool.reloadFailure!, /not while/);
    await bench.answers(0);
    assert.deepEqual(bench.course, ["ready"]);
    assert.deepEqual(bench.diagnostics, ["0 ready"]);
    rmSync(obstacle);
    await bench.pool.reload();
    assert.equal(bench.pool.reloadFailure, undefined);
    await bench.answers(0);
  });

  test("a second reload() gives up a worker that is not ready, and the old one serves on until another is", async () => {
    using folder = new Folder();
    using _ = new Variable("TURNSTILE", folder.path);
    await using bench = new PoolBench({ application: "first-is-fast.ts:application" });
    await bench.pool.start();
    const reloads = [bench.pool.reload(), bench.pool.reload()];
    await bench.answers(0);
    folder.write("go", "");
    await Promise.all(reloads);
    await bench.answers(0);
    assert.deepEqual(bench.course, ["ready", "paused", "drained", "ready"]);
  });

  test("the new worker serves as soon as it is ready if the old one died before", async () => {
    using folder = new Folder();
    using _ = new Variable("TURNSTILE", folder.path);
    await using bench = new PoolBench({ application: "first-is-fast.ts:application" });
    await bench.pool.start();
    const reload = bench.pool.reload();
    bench.post(0, "exit");
    await bench.until("died");
    folder.write("go", "");
    await reload;
    await bench.answers(0);
    assert.deepEqual(bench.course, ["ready", "died", "ready"]);
    assert.deepEqual(bench.pauses, []);
  });

  test("a reload() cuts the pause short after which a dead worker would be started again", async () => {
    await using bench = new PoolBench({ pause: () => 3_600_000 });
    await bench.pool.start();
    bench.post(0, "exit");
    await bench.until("died");
    await bench.pool.reload();
    await bench.answers(0);
    assert.deepEqual(bench.diagnostics, ["0 ready", "0 died: crash", "0 ready"]);
  });

  test("an old worker that dies while it finishes has died like any other", async () => {
    await using bench = new PoolBench();
    await bench.pool.start();
    bench.post(0, "exit at the end");
    await bench.pool.reload();
    await bench.ready(0, 2);
    assert.deepEqual(bench.course, ["ready", "paused", "died", "ready"]);
    await bench.answers(0);
  });

  test("the old worker finishes although the new one dies meanwhile, and a third one serves", async () => {
    using folder = new Folder();
    using _ = new Variable("LIVES", folder.path);
    await using bench = new PoolBench({ application: "second-dies.ts:application" });
    await bench.pool.start();
    const old = bench.workers.get(0);
    bench.post(0, "hello");
    const reload = bench.pool.reload();
    await bench.until("paused");
    folder.write("die", "");
    await bench.died(0);
    assert.equal(bench.of("drained").length, 0);
    // The third one is ready before the first has finished.
    await bench.until("printed", ({ text }) => text === "life 3 is there");
    assert.equal(bench.workers.get(0), old);
    folder.write("finish", "");
    await reload;
    await bench.ready(0, 2);
    await bench.answers(0);
    assert.deepEqual(bench.course, ["ready", "paused", "drained", "ready"]);
    assert.deepEqual(bench.diagnostics, ["0 ready", "0 replaced: reload", "0 died: crash", "0 ready"]);
  });

  for (const stage of ["starts", "waits for the old one"] as const) {
    test(`a reload() ends with the pool while the new worker ${stage}`, async () => {
      using folder = new Folder();
      using _ = new Variable("TURNSTILE", folder.path);
      await using bench = new PoolBench({ application: "first-is-fast.ts:application" });
      await bench.pool.start();
      if (stage !== "starts") folder.write("go", "");
      bench.post(0, "hang");
      const reload = bench.pool.reload();
      if (stage !== "starts") await bench.until("paused");
      const drained = bench.pool.drain("shutdown");
      await bench.pool.destroy();
      await reload;
      await drained;
      await bench.pool.reload();
      assert.deepEqual([...bench.of("died"), ...bench.pauses], []);
      assert.deepEqual(bench.diagnostics, stage === "starts" ? ["0 ready"] : ["0 ready", "0 replaced: reload"]);
    });
  }

  test("ten reloads leave no thread behind", async () => {
    await using bench = new PoolBench({ workers: 2 });
    await bench.pool.start();
    for (let round = 0; round < 5; round++) await bench.pool.reload();
    for (const worker of [0, 1]) await bench.answers(worker);
    assert.equal(bench.lines.length, 10);
    await bench.pool.drain("shutdown");
    assert.equal(bench.lines.length, 12, "two served, and no other");
  });
});

describe("the quarantine", () => {
  /** Its number, beside two workers. */
  const QUARANTINE = 2;

  test("it starts when it is called for, once, and is no worker of the status", async () => {
    await using bench = new PoolBench({ workers: 2 });
    await bench.pool.start();
    for (let i = 0; i < 3; i++) bench.pool.startQuarantine();
    await bench.ready(QUARANTINE);
    await bench.answers(QUARANTINE);
    bench.pool.startQuarantine();
    assert.equal(bench.pool.status.length, 2);
    assert.equal(bench.of("ready").length, 3);
  });

  test("it is started again after its death if it is needed", async () => {
    await using bench = new PoolBench({ workers: 2 });
    await bench.pool.start();
    bench.pool.startQuarantine();
    await bench.ready(QUARANTINE);
    bench.post(QUARANTINE, "exit");
    await bench.died(QUARANTINE);
    assert.deepEqual(bench.pauses, []);
    bench.needsQuarantine = true;
    bench.pool.startQuarantine();
    await bench.ready(QUARANTINE, 2);
    bench.post(QUARANTINE, "exit");
    await bench.ready(QUARANTINE, 3);
  });

  test("it ends when it has had nothing to do, and no instance, for some seconds", async () => {
    await using bench = new PoolBench({ workers: 2 });
    await bench.pool.start();
    bench.pool.startQuarantine();
    await bench.ready(QUARANTINE);
    await bench.until("drained", ({ worker }) => worker === QUARANTINE);
    assert.equal(bench.of("died").length, 0);
    bench.pool.startQuarantine();
    await bench.ready(QUARANTINE, 2);
  });

  test("a reload ends it, for its code is the old one", async () => {
    await using bench = new PoolBench({ workers: 2 });
    await bench.pool.start();
    bench.needsQuarantine = true;
    bench.pool.startQuarantine();
    await bench.ready(QUARANTINE);
    await bench.pool.reload();
    assert.ok(bench.of("paused").some(({ worker }) => worker === QUARANTINE));
    await bench.until("drained", ({ worker }) => worker === QUARANTINE);
    bench.pool.startQuarantine();
    await bench.ready(QUARANTINE, 2);
    await bench.answers(QUARANTINE);
  });

  test("it ends with the pool", async () => {
    await using bench = new PoolBench({ workers: 2 });
    await bench.pool.start();
    bench.pool.startQuarantine();
    await bench.ready(QUARANTINE);
    await bench.pool.drain("shutdown");
    assert.equal(bench.of("drained").filter(({ worker }) => worker === QUARANTINE).length, 1);
    bench.pool.startQuarantine();
    assert.equal(bench.pool.status.length, 2);
  });
});

test("an application's environment is the process's, without this server's settings", async () => {
  using _ = new Variable("ASGIGRAM_TOKEN", "123456:secret");
  using __ = new Variable("ASGIGRAM_WORKERS", "1");
  using ___ = new Variable("DATABASE_URL", "postgres://db");
  await using bench = new PoolBench();
  await bench.pool.start();
  bench.post(0, "show environment");
  const shown = JSON.parse(await bench.text(0, "{")) as NodeJS.ProcessEnv;
  const { ASGIGRAM_TOKEN, ASGIGRAM_WORKERS, ...rest } = process.env;
  assert.deepEqual(shown, { ...rest });
});

describe("drain()", () => {
  test("drain() resolves when every lifespan has ended, and no worker is replaced", async () => {
    await using bench = new PoolBench({ workers: 2 });
    await bench.pool.start();
    await bench.answers(0);
    await bench.pool.drain("shutdown");
    assert.deepEqual(bench.lines, ["shut down", "shut down"]);
    await bench.pool.destroy();
    assert.deepEqual(bench.pauses, []);
    assert.deepEqual(bench.course, ["ready", "ready", "drained", "drained"]);
  });

  test("drain() does not wait for a worker that dies meanwhile", async () => {
    await using bench = new PoolBench({ workers: 2 });
    await bench.pool.start();
    bench.post(0, "exit");
    await bench.pool.drain("shutdown");
    assert.deepEqual(bench.lines, ["shut down"]);
  });

  test("drain() does not wait for a worker that is to be started again after a pause", async () => {
    await using bench = new PoolBench({ workers: 2, pause: () => 3_600_000 });
    await bench.pool.start();
    bench.post(0, "exit");
    await bench.until("died");
    await bench.pool.drain("shutdown");
    assert.deepEqual(bench.lines, ["shut down"]);
  });
});

describe("destroy()", () => {
  test("destroy() ends threads that are blocked", async () => {
    await using bench = new PoolBench({ workers: 2 });
    await bench.pool.start();
    bench.post(0, "block");
    await bench.answers(1);
    await bench.pool.destroy();
    assert.deepEqual(bench.pauses, []);
  });

  test("destroy() ends threads that are still starting", async () => {
    using folder = new Folder();
    using _ = new Variable("TURNSTILE", folder.path);
    mkdirSync(folder.join("taken"));
    await using bench = new PoolBench({ application: "first-is-fast.ts:application", workers: 2 });
    const start = bench.pool.start();
    await Promise.all([assert.rejects(start, WorkerError), bench.pool.destroy()]);
  });
});
