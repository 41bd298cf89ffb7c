import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { WorkerReplacement } from "../../src/protocol/worker-causes.ts";
import { RollingRestart, type RollingRestartOptions } from "../../src/threads/rolling-restart.ts";
import { SourceWatch } from "../../src/threads/source-watch.ts";
import { Folder } from "../folder.ts";

/** A rolling restart. The test replaces each worker. */
class Bench implements AsyncDisposable {
  readonly course: string[] = [];
  /** The cause of each replacement. */
  readonly causes: WorkerReplacement[] = [];
  readonly restart: RollingRestart;
  #end: { succeed(): void; fail(error: Error): void } | undefined;

  constructor(options: Partial<RollingRestartOptions> = {}) {
    const log = (level: string) => (fields: object, message: string) =>
      this.course.push(`${level}: ${message} ${JSON.stringify({ ...fields, took: undefined })}`);
    this.restart = new RollingRestart({
      workers: 3,
      recycleAfter: Number.POSITIVE_INFINITY,
      memoryLimit: Number.POSITIVE_INFINITY,
      memory: () => [1, 3, 2].map((bytes) => ({ bytes, age: 0, lifetime: 0 })),
      shrink: () => false,
      isUp: () => true,
      watchesFiles: false,
      replace: (worker, cause, signal) => this.#replace(worker, cause, signal),
      log: { info: log("info"), warn: log("warn"), error: log("error") },
      ...options,
    });
  }

  #replace(worker: number, cause: WorkerReplacement, signal: AbortSignal): Promise<void> {
    assert.equal(this.#end, undefined, "two at a time");
    this.causes.push(cause);
    this.course.push(`replace ${worker}`);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#end = { succeed: resolve, fail: reject };
    signal.addEventListener("abort", () => reject(signal.reason));
    return promise.finally(() => {
      this.#end = undefined;
    });
  }

  /** Ends the replacement under way. */
  async next(): Promise<void> {
    this.#end!.succeed();
    await turn();
  }

  async fail(error: Error): Promise<void> {
    this.#end!.fail(error);
    await turn();
  }

  get isBusy(): boolean {
    return this.#end !== undefined;
  }

  /** The workers whose replacement began, in order. */
  get order(): string {
    return this.course
      .filter((line) => line.startsWith("replace"))
      .join()
      .replaceAll("replace ", "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.restart.stop();
  }
}

describe("a reload", () => {
  test("a reload that is asked for in the moment in which another one ends is not forgotten", async () => {
    for (let moment = 0; moment < 20; moment++) {
      let ready = 0;
      const replace = async () => {
        ready += 1;
      };
      const { restart } = new Bench({ workers: 1, replace });
      const first = restart.reload();
      for (let i = 0; i < moment; i++) await Promise.resolve();
      await Promise.all([first, restart.reload()]);
      assert.equal(ready, 2, `${moment} microtasks after the first`);
    }
  });

  test("a reload replaces all workers, one after another", async () => {
    const bench = new Bench();
    const reload = bench.restart.reload();
    for (let i = 0; i < 3; i++) {
      assert.equal(bench.course.length, i + 1);
      await bench.next();
    }
    await reload;
    assert.deepEqual(bench.course.slice(0, 3), ["replace 0", "replace 1", "replace 2"]);
    assert.deepEqual(bench.causes, ["reload", "reload", "reload"]);
    assert.match(bench.course[3]!, /info: workers have been replaced {"replaced":\[0,1,2]}/);
  });

  test("a second reload gives up the worker that is about to start, and begins anew", async () => {
    const bench = new Bench();
    const first = bench.restart.reload();
    await bench.next();
    const second = bench.restart.reload();
    await turn();
    assert.equal(bench.order, "0,1,2", "1 was given up at once");
    while (bench.isBusy) await bench.next();
    await Promise.all([first, second]);
    assert.equal(bench.order, "0,1,2,0,1");
    // 0 and 1 were due again, behind 2.
  });

  test("a reload that is asked for twenty times at once is done once", async () => {
    const bench = new Bench();
    const reloads = Array.from({ length: 20 }, () => bench.restart.reload());
    await turn();
    while (bench.isBusy) await bench.next();
    await Promise.all(reloads);
    assert.equal(bench.order, "0,1,2,0");
  });

  test("a reload ends with the error if a worker cannot be replaced, and the others go on", async () => {
    const bench = new Bench();
    const reload = bench.restart.reload();
    await bench.next();
    const error = new Error("bot.ts could not be imported", { cause: "SyntaxError: no\n    at bot.ts:1" });
    await Promise.all([assert.rejects(reload, error), bench.fail(error)]);
    assert.equal(bench.order, "0,1");
    assert.match(bench.course.at(-1)!, /^error: .*"worker":1,.*could not be imported\\nSyntaxError: no.*bot\.ts:1/);
    // The next one begins with the first again.
    const next = bench.restart.reload();
    while (bench.isBusy) await bench.next();
    await next;
    assert.equal(bench.order, "0,1,0,1,2");
  });

  test("a reload is given up by stop(), and none begins after that", async () => {
    const bench = new Bench({ recycleAfter: 1 });
    const reload = bench.restart.reload();
    await bench.restart.stop();
    await reload;
    await bench.restart.reload();
    bench.restart.settled(1, 1_000_000);
    assert.deepEqual(bench.course, ["replace 0"]);
  });
});

describe("a file of the application", () => {
  test("a file that has changed reloads all workers", async () => {
    using folder = new Folder();
    const replaced = Promise.withResolvers<number>();
    await using bench = new Bench({ watchesFiles: true, replace: async (worker) => replaced.resolve(worker) });
    bench.restart.start();
    bench.restart.imported(folder.join("bot.ts"));
    folder.write("bot.ts", "");
    assert.equal(await replaced.promise, 0);
    assert.match(bench.course[0]!, /^info: the application has changed; reloading it {"files":\[".*bot\.ts"]}/);
  });

  test("no file is watched without the option, before start(), and after stop()", async (t) => {
    const watch = t.mock.method(SourceWatch.prototype, "add", async () => {});
    await using without = new Bench();
    without.restart.start();
    without.restart.imported("/bot.ts");
    await using before = new Bench({ watchesFiles: true });
    before.restart.imported("/bot.ts");
    assert.equal(watch.mock.callCount(), 0);
    before.restart.start();
    before.restart.imported("/bot.ts");
    assert.equal(watch.mock.callCount(), 1);
    const close = t.mock.method(SourceWatch.prototype, "close", async () => {});
    await before.restart.stop();
    assert.equal(close.mock.callCount(), 1);
  });
});

describe("recycling", () => {
  test("a worker is recycled in its turn, once however often it is due", async () => {
    const bench = new Bench({ recycleAfter: 1 });
    for (const worker of [1, 2, 2]) bench.restart.settled(worker, 1);
    await bench.next();
    await bench.next();
    assert.equal(bench.order, "1,2");
    assert.deepEqual(bench.causes, ["recycle-after", "recycle-after"]);
    assert.equal(bench.isBusy, false);
  });

  test("a worker that cannot be replaced goes on", async () => {
    const bench = new Bench({ recycleAfter: 1 });
    bench.restart.settled(1, 1);
    await bench.fail(new Error("no"));
    assert.match(bench.course.at(-1)!, /could not be replaced/);
  });

  test("the largest worker is recycled when the process is above --memory-limit", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    await using bench = new Bench({ memoryLimit: 1 });
    t.mock.timers.tick(10_000);
    assert.equal(bench.isBusy, false, "before start()");
    bench.restart.start();
    t.mock.timers.tick(2000);
    await bench.next();
    assert.equal(bench.order, "1");
    assert.deepEqual(bench.causes, ["memory-limit"]);
  });

  test("keepFirst() leaves the other workers alone", async () => {
    await using bench = new Bench();
    bench.restart.keepFirst(1);
    const reload = bench.restart.reload();
    await turn();
    await bench.next();
    await reload;
    assert.equal(bench.order, "0");
  });

  test("a failure is over when a new worker of that number serves, and the log says if the old one has ended", async () => {
    await using bench = new Bench({ isUp: () => false });
    const reload = assert.rejects(bench.restart.reload());
    await turn();
    await bench.fail(new Error("it does not start"));
    await reload;
    assert.equal(bench.restart.failure, "it does not start");
    assert.match(bench.course.at(-1)!, /^error: the new code does not start, and the worker is down/);
    bench.restart.served(1);
    assert.equal(bench.restart.failure, "it does not start");
    bench.restart.served(0);
    assert.equal(bench.restart.failure, undefined);
  });

  test("no worker is recycled for its memory without a limit, or after stop()", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    await using without = new Bench();
    without.restart.start();
    await using stopped = new Bench({ memoryLimit: 1 });
    stopped.restart.start();
    await stopped.restart.stop();
    t.mock.timers.tick(10_000);
    assert.deepEqual([without.course, stopped.course], [[], []]);
  });

  test("a worker is recycled when it has settled its events, and the workers' turns do not come all at once", async () => {
    const bench = new Bench({ recycleAfter: 30 });
    const settle = async (count: number) => {
      for (const worker of [0, 1, 2]) bench.restart.settled(worker, count);
      await turn();
      while (bench.isBusy) await bench.next();
    };
    const turns: string[] = [];
    for (let i = 0; i < 12; i++) {
      bench.course.length = 0;
      await settle(5);
      turns.push(bench.order);
    }
    assert.deepEqual(turns, ["", "2", "", "1", "", "0", "", "2", "", "1", "", "0"]);
  });

  test("a worker may settle any number of events without --recycle-after", () => {
    const bench = new Bench();
    for (let i = 0; i < 1000; i++) bench.restart.settled(0, 1_000_000);
    assert.deepEqual(bench.course, []);
  });
});
