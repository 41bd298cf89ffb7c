import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { WorkerReplacement } from "../../src/protocol/worker-causes.ts";
import { Renewal, type RenewalOptions } from "../../src/threads/rolling-restart.ts";

/** A renewal whose workers are replaced when the test says so. */
class Bench {
  readonly course: string[] = [];
  /** Why each was replaced. */
  readonly causes: WorkerReplacement[] = [];
  readonly renewal: Renewal;
  #end: { succeed(): void; fail(error: Error): void } | undefined;

  constructor(options: Partial<RenewalOptions> = {}) {
    const log = (level: string) => (fields: object, message: string) =>
      this.course.push(`${level}: ${message} ${JSON.stringify({ ...fields, took: undefined })}`);
    this.renewal = new Renewal({
      workers: 3,
      memory: () => [1, 3, 2],
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

  /** What is being replaced has been. */
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

  /** Which have been begun to be replaced. */
  get order(): string {
    return this.course
      .filter((line) => line.startsWith("replace"))
      .join()
      .replaceAll("replace ", "");
  }
}

describe("a reload", () => {
  test("is not forgotten, be it asked for in the moment in which another one ends", async () => {
    for (let moment = 0; moment < 20; moment++) {
      let ready = 0;
      const replace = async () => {
        ready += 1;
      };
      const { renewal } = new Bench({ workers: 1, replace });
      const first = renewal.reload();
      for (let i = 0; i < moment; i++) await Promise.resolve();
      await Promise.all([first, renewal.reload()]);
      assert.equal(ready, 2, `${moment} microtasks after the first`);
    }
  });

  test("replaces all workers, one after another", async () => {
    const bench = new Bench();
    const reload = bench.renewal.reload();
    for (let i = 0; i < 3; i++) {
      assert.equal(bench.course.length, i + 1);
      await bench.next();
    }
    await reload;
    assert.deepEqual(bench.course.slice(0, 3), ["replace 0", "replace 1", "replace 2"]);
    assert.deepEqual(bench.causes, ["reload", "reload", "reload"]);
    assert.match(bench.course[3]!, /info: workers have been replaced {"replaced":\[0,1,2]}/);
  });

  test("that is asked for while one is on gives up what starts, and begins anew", async () => {
    const bench = new Bench();
    const first = bench.renewal.reload();
    await bench.next();
    const second = bench.renewal.reload();
    await turn();
    while (bench.isBusy) await bench.next();
    await Promise.all([first, second]);
    assert.equal(bench.order, "0,1,2,0,1");
    // 1 was given up; it and 0 had their turn again behind 2, which was due anyhow.
  });

  test("that is asked for twenty times at once is done once", async () => {
    const bench = new Bench();
    const reloads = Array.from({ length: 20 }, () => bench.renewal.reload());
    await turn();
    while (bench.isBusy) await bench.next();
    await Promise.all(reloads);
    assert.equal(bench.order, "0,1,2,0");
  });

  test("ends where a worker cannot be replaced: with the reason, and the others are left alone", async () => {
    const bench = new Bench();
    const reload = bench.renewal.reload();
    await bench.next();
    const error = new Error("bot.ts could not be imported", { cause: "SyntaxError: no\n    at bot.ts:1" });
    await Promise.all([assert.rejects(reload, error), bench.fail(error)]);
    assert.equal(bench.order, "0,1");
    assert.match(bench.course.at(-1)!, /^error: .*"worker":1,.*could not be imported\\nSyntaxError: no.*bot\.ts:1/);
    // The next one begins with the first again.
    const next = bench.renewal.reload();
    while (bench.isBusy) await bench.next();
    await next;
    assert.equal(bench.order, "0,1,0,1,2");
  });

  test("is given up when the renewal is stopped, and none begins after that", async () => {
    const bench = new Bench({ recycleAfter: 1 });
    const reload = bench.renewal.reload();
    await bench.renewal.stop();
    await reload;
    await bench.renewal.reload();
    bench.renewal.settled(1, 1_000_000);
    assert.deepEqual(bench.course, ["replace 0"]);
  });
});

test("a file that has changed reloads all", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "asgigram-renewal-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(realpathSync(folder), "bot.ts");
  const replaced = Promise.withResolvers<number>();
  const bench = new Bench({ watchesFiles: true, replace: async (worker) => replaced.resolve(worker) });
  t.after(() => bench.renewal.stop());
  bench.renewal.imported(file);
  writeFileSync(file, "");
  assert.equal(await replaced.promise, 0);
  assert.match(bench.course[0]!, /^info: the application has changed; reloading it {"files":\[".*bot\.ts"]}/);
});

describe("a worker is recycled", () => {
  test("in its turn, once however often that is due", async () => {
    const bench = new Bench({ recycleAfter: 1 });
    for (const worker of [1, 2, 2]) bench.renewal.settled(worker, 1);
    await bench.next();
    await bench.next();
    assert.equal(bench.order, "1,2");
    assert.deepEqual(bench.causes, ["recycle-after", "recycle-after"]);
    assert.equal(bench.isBusy, false);
  });

  test("or goes on, if that cannot be", async () => {
    const bench = new Bench({ recycleAfter: 1 });
    bench.renewal.settled(1, 1);
    await bench.fail(new Error("no"));
    assert.match(bench.course.at(-1)!, /could not be replaced/);
  });

  test("when the process has too much memory, the one that has the most", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const bench = new Bench({ memoryLimit: 1 });
    t.after(() => bench.renewal.stop());
    t.mock.timers.tick(2000);
    await bench.next();
    assert.equal(bench.order, "1");
    assert.deepEqual(bench.causes, ["memory-limit"]);
  });

  test("when it has settled its events, and the workers' turns do not come all at once", async () => {
    const bench = new Bench({ recycleAfter: 30 });
    const settle = async (count: number) => {
      for (const worker of [0, 1, 2]) bench.renewal.settled(worker, count);
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

  test("never, where that is not wanted", () => {
    const bench = new Bench();
    for (let i = 0; i < 1000; i++) bench.renewal.settled(0, 1_000_000);
    assert.deepEqual(bench.course, []);
  });
});
