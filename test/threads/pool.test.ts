import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { ApplicationLoadError, StartupFailedError, WorkerError } from "../../src/protocol/errors.ts";
import type { ToMain } from "../../src/protocol/port.ts";
import { WorkerPool, type WorkerPoolOptions } from "../../src/threads/pool.ts";
import type { WorkerLife } from "../../src/threads/worker.ts";
import { hostTask } from "../host-task.ts";

const FIXTURES = resolve(import.meta.dirname, "fixtures");

type Said =
  | { type: "ready"; worker: number }
  | { type: "message"; worker: number; item: ToMain }
  | { type: "paused"; worker: number }
  | { type: "drained"; worker: number; unseen: number[] }
  | { type: "dismissed"; worker: number }
  | { type: "gone"; worker: number; error: Error }
  | { type: "stalled"; worker: number; seq: number };

type Of<T extends Said["type"]> = Extract<Said, { type: T }>;

/** A pool, and all that has been said of its workers. */
class Bench {
  readonly said: Said[] = [];
  readonly pauses: number[] = [];
  readonly lives = new Map<number, WorkerLife>();
  readonly pool: WorkerPool;
  #heard = Promise.withResolvers<void>();
  #lastSeq = 0;

  constructor(
    t: TestContext,
    application: string,
    options: Partial<WorkerPoolOptions> = {},
    Pool: typeof WorkerPool = WorkerPool,
  ) {
    this.pool = new Pool({
      workers: 1,
      task: hostTask({ application, directory: FIXTURES, lifespan: "auto" }),
      grace: 20_000,
      pause: (deaths) => {
        this.pauses.push(deaths);
        return 0;
      },
      onReady: (worker, life) => {
        life.push({ type: "bot", bot: { id: 1 } });
        this.lives.set(worker, life);
        this.#hear({ type: "ready", worker });
      },
      onMessage: (worker, life, item) => {
        if (item.type === "call") life.push({ type: "result", id: item.id, body: '{"ok":true,"result":true}' });
        this.#hear({ type: "message", worker, item });
      },
      onPaused: (worker) => this.#hear({ type: "paused", worker }),
      onDrained: (worker, unseen) => this.#hear({ type: "drained", worker, unseen }),
      onDismissed: (worker) => this.#hear({ type: "dismissed", worker }),
      onGone: (worker, _life, error) => this.#hear({ type: "gone", worker, error }),
      onStalled: (worker, _, seq) => this.#hear({ type: "stalled", worker, seq }),
      ...options,
    });
    t.after(() => this.pool.destroy());
  }

  #hear(said: Said): void {
    this.said.push(said);
    this.#heard.resolve();
    this.#heard = Promise.withResolvers();
  }

  /** Waits until something of that type has been said so often. @returns the last time that it was */
  async until<T extends Said["type"]>(type: T, is = (_: Of<T>) => true, times = 1): Promise<Of<T>> {
    for (;;) {
      const found = this.of(type).filter(is);
      if (found.length >= times) return found[times - 1]!;
      await this.#heard.promise;
    }
  }

  of<T extends Said["type"]>(type: T): Of<T>[] {
    return this.said.filter((said): said is Of<T> => said.type === type);
  }

  ready(worker: number, times = 1): Promise<Of<"ready">> {
    return this.until("ready", (said) => said.worker === worker, times);
  }

  gone(worker: number, times = 1): Promise<Of<"gone">> {
    return this.until("gone", (said) => said.worker === worker, times);
  }

  /** Gives the worker a message, of a chat of its own unless one is given. @returns its number */
  tell(worker: number, text: string, life = this.lives.get(worker)!, chat = 0): number {
    const seq = ++this.#lastSeq;
    const body = JSON.stringify({ update_id: seq, message: { chat: { id: chat || seq, type: "private" }, text } });
    life.push({ type: "events", events: [{ seq, attempt: 1, body }] });
    return seq;
  }

  /** Resolves with what the worker sends next that begins so. */
  async echo(worker: number, beginning: string): Promise<string> {
    const isIt = (said: Of<"message">) => said.worker === worker && textOf(said.item).startsWith(beginning);
    const { item } = await this.until("message", isIt);
    return textOf(item);
  }

  /** Whether the worker is there and answers. */
  async answers(worker: number): Promise<void> {
    const text = `hello ${Math.random()}`;
    this.tell(worker, text);
    await this.echo(worker, text);
  }
}

function textOf(item: ToMain): string {
  return item.type === "call" ? (JSON.parse(item.call.body) as { text: string }).text : "";
}

/** A folder for this test alone. */
function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "asgigram-pool-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Sets a variable of the environment for this test. */
function setVariable(t: TestContext, name: string, value: string): void {
  process.env[name] = value;
  t.after(() => {
    delete process.env[name];
  });
}

describe("start()", () => {
  test("resolves when every worker is ready", async (t) => {
    setVariable(t, "TURNSTILE", folder(t));
    const bench = new Bench(t, "first-is-fast.ts:application", { workers: 3 });
    let started = false;
    const start = bench.pool.start().then(() => {
      started = true;
    });
    await bench.until("ready");
    await turn();
    assert.equal(started, false);
    writeFileSync(join(process.env.TURNSTILE!, "go"), "");
    await start;
    assert.deepEqual([...bench.lives.keys()].sort(), [0, 1, 2]);
    for (const worker of [0, 1, 2]) await bench.answers(worker);
  });

  const failures: [how: string, application: string, error: new (...args: never[]) => Error, message: RegExp][] = [
    ["there is no such file", "nowhere.ts:application", ApplicationLoadError, /no such file: .*nowhere\.ts/],
    ["the file throws", "throws-when-imported.ts:application", ApplicationLoadError, /no database/],
    ["there is no such export", "app.ts:aplication", ApplicationLoadError, /did you mean "application"/],
    ["the startup fails", "startup-fails.ts:application", StartupFailedError, /no database/],
    ["the thread ends", "exits-when-imported.ts:application", WorkerError, /worker \d died while it started/],
  ];
  for (const [how, application, error, message] of failures) {
    test(`rejects where ${how}, and nothing is tried again`, async (t) => {
      const bench = new Bench(t, application, { workers: 2 });
      await assert.rejects(bench.pool.start(), (thrown) => {
        assert.ok(thrown instanceof error, String(thrown));
        assert.match(thrown.message, message);
        return true;
      });
      await turn();
      assert.deepEqual(bench.pauses, []);
      assert.deepEqual([...bench.of("ready"), ...bench.of("gone")], []);
    });
  }

  test("does not mind a worker that dies while others are starting: it is replaced", async (t) => {
    setVariable(t, "TURNSTILE", folder(t));
    const bench = new Bench(t, "first-is-fast.ts:application", { workers: 2 });
    const start = bench.pool.start();
    const { worker } = await bench.until("ready");
    bench.tell(worker, "exit");
    await bench.gone(worker);
    writeFileSync(join(process.env.TURNSTILE!, "go"), "");
    await start;
    await bench.ready(worker, 2);
    for (const number of [0, 1]) await bench.answers(number);
  });
});

describe("a worker that dies", () => {
  for (const [how, deed] of [
    ["by process.exit()", "exit"],
    ["of an error that nobody catches", "throw"],
  ] as const) {
    test(`${how} is replaced, and the others never notice`, async (t) => {
      const bench = new Bench(t, "app.ts:application", { workers: 3 });
      await bench.pool.start();
      const others = [0, 2].map((worker) => bench.lives.get(worker));
      bench.tell(1, deed);
      await bench.gone(1);
      await bench.ready(1, 2);
      for (const worker of [0, 1, 2]) await bench.answers(worker);
      assert.deepEqual(
        [0, 2].map((worker) => bench.lives.get(worker)),
        others,
      );
      assert.equal(bench.of("gone").length, 1);
    });
  }

  test("for want of memory is replaced", async (t) => {
    const bench = new Bench(t, "app.ts:application", { memory: 32 });
    await bench.pool.start();
    bench.tell(0, "hog");
    assert.match((await bench.gone(0)).error.message, /memory/);
    await bench.ready(0, 2);
    await bench.answers(0);
  });

  test("for want of a turn of its event loop is reported and replaced", async (t) => {
    const bench = new Bench(t, "app.ts:application", { workers: 2, stallTimeout: 1500 });
    await bench.pool.start();
    const seq = bench.tell(0, "block");
    assert.equal((await bench.until("stalled")).seq, seq);
    assert.match((await bench.gone(0)).error.message, /stalled/);
    await bench.ready(0, 2);
    await bench.answers(0);
    await bench.answers(1);
    assert.equal(bench.of("stalled").length, 1);
  });

  test("is gone after its last messages", async (t) => {
    const bench = new Bench(t, "app.ts:application");
    await bench.pool.start();
    const seqs = Array.from({ length: 2000 }, () => bench.tell(0, "be quiet"));
    await turn();
    bench.tell(0, "exit");
    await bench.gone(0);
    const settled = bench.of("message").flatMap(({ item }) => (item.type === "settled" ? item.seqs : []));
    assert.deepEqual(settled, seqs);
    assert.equal(bench.said.at(-1)!.type, "gone");
    const { item } = bench.of("message").at(-1)!;
    assert.ok(item.type === "crash");
    assert.match(item.message, /process\.exit\(7\)/);
  });

  test("takes what is posted to it then with it, and its replacement gets none of it", async (t) => {
    const bench = new Bench(t, "app.ts:application");
    await bench.pool.start();
    const dead = bench.lives.get(0)!;
    bench.tell(0, "exit");
    await bench.gone(0);
    for (let i = 0; i < 3; i++) bench.tell(0, "from beyond", dead);
    await turn();
    await bench.ready(0, 2);
    for (let i = 0; i < 3; i++) bench.tell(0, "from beyond", dead);
    await bench.answers(0);
    assert.ok(!bench.of("message").some(({ item }) => textOf(item) === "from beyond"));
  });

  test("again and again is replaced every time, and each death is counted", async (t) => {
    const bench = new Bench(t, "app.ts:application");
    await bench.pool.start();
    for (let death = 1; death <= 4; death++) {
      bench.tell(0, "exit");
      await bench.ready(0, death + 1);
    }
    assert.deepEqual(bench.pauses, [1, 2, 3, 4]);
    await bench.answers(0);
  });

  test("and cannot be started again tells why, and is there as soon as it can be", async (t) => {
    const obstacle = join(folder(t), "obstacle");
    setVariable(t, "BROKEN_WHILE", obstacle);
    const bench = new Bench(t, "broken-while.ts:application", { pause: () => 10 });
    await bench.pool.start();
    writeFileSync(obstacle, "");
    bench.tell(0, "exit");
    const { error } = await bench.gone(0, 2);
    assert.ok(error instanceof ApplicationLoadError);
    assert.match(error.message, /not while that file is there/);
    await bench.gone(0, 4);
    rmSync(obstacle);
    await bench.ready(0, 2);
    await bench.answers(0);
  });

  test("while the server's own files are being replaced is there as soon as they are", async (t) => {
    // Such a thread dies before it has its task, after which Piscina starts no other by itself.
    const copy = folder(t);
    for (const part of ["src", "workers", "package.json"]) cpSync(resolve(part), join(copy, part), { recursive: true });
    symlinkSync(resolve("node_modules"), join(copy, "node_modules"));
    const module = (await import(pathToFileURL(join(copy, "src/threads/pool.ts")).href)) as {
      WorkerPool: typeof WorkerPool;
    };
    const bench = new Bench(t, "app.ts:application", { workers: 2, pause: () => 10 }, module.WorkerPool);
    await bench.pool.start();
    const host = join(copy, "workers/host.ts");
    renameSync(host, `${host}.old`);
    bench.tell(0, "exit");
    bench.tell(1, "exit");
    await bench.gone(0, 3);
    await bench.gone(1, 3);
    renameSync(`${host}.old`, host);
    for (const worker of [0, 1]) {
      await bench.ready(worker, 2);
      await bench.answers(worker);
    }
  });
});

describe("replace()", () => {
  const never = new AbortController().signal;
  /** What has been said of the places, in order. */
  const course = (bench: Bench) => bench.said.map(({ type }) => type).filter((type) => type !== "message");
  const lines = (bench: Bench) =>
    bench.of("message").flatMap(({ item }) => (item.type === "output" ? [item.text] : []));

  test("puts a new worker in the place of one, and the others never notice", async (t) => {
    const bench = new Bench(t, "app.ts:application", { workers: 3 });
    await bench.pool.start();
    const before = new Map(bench.lives);
    bench.said.length = 0;
    await bench.pool.replace(1, never);
    assert.deepEqual(course(bench), ["paused", "drained", "ready"]);
    for (const worker of [0, 1, 2]) await bench.answers(worker);
    for (const worker of [0, 1, 2]) assert.equal(bench.lives.get(worker) === before.get(worker), worker !== 1);
    assert.deepEqual(lines(bench), ["shut down"]);
    assert.deepEqual(bench.pauses, []);
  });

  test("lets the old worker finish what it is at, and gives back what it has not begun", async (t) => {
    const bench = new Bench(t, "app.ts:application");
    await bench.pool.start();
    const old = bench.lives.get(0)!;
    const seq = bench.tell(0, "wait for the end", old, 5);
    const unseen = [bench.tell(0, "one", old, 5), bench.tell(0, "two", old, 5)];
    await bench.pool.replace(0, never);
    assert.deepEqual(bench.of("drained")[0]!.unseen, unseen);
    const course = bench.said.flatMap((said) => {
      if (said.type === "drained") return ["drained"];
      if (said.type !== "message") return [];
      if (said.item.type === "settled" && said.item.seqs.includes(seq)) return ["settled"];
      return textOf(said.item) === "waited" ? ["sent"] : [];
    });
    assert.deepEqual(course, ["sent", "settled", "drained"]);
    await bench.answers(0);
  });

  test("hands over before the old worker is through with its lifespan", async (t) => {
    setVariable(t, "LINGER", folder(t));
    const bench = new Bench(t, "lingers.ts:application");
    await bench.pool.start();
    const replaced = bench.pool.replace(0, never);
    await bench.ready(0, 2);
    await bench.answers(0);
    writeFileSync(join(process.env.LINGER!, "go"), "");
    await replaced;
  });

  for (const deed of ["hang", "block"]) {
    test(`does not wait for ever for workers that ${deed}: they are ended, and to blame for nothing`, async (t) => {
      const bench = new Bench(t, "app.ts:application", { grace: 50 });
      await bench.pool.start();
      bench.tell(0, deed);
      await bench.pool.replace(0, never);
      assert.deepEqual(course(bench), ["ready", "paused", "dismissed", "drained", "ready"]);
      assert.deepEqual(bench.of("drained")[0]!.unseen, []);
      await bench.answers(0);
    });
  }

  test("is no excuse for a worker that is stalled: --stall-timeout holds for it as ever", async (t) => {
    const bench = new Bench(t, "app.ts:application", { stallTimeout: 1500 });
    await bench.pool.start();
    bench.tell(0, "block");
    await bench.pool.replace(0, never);
    assert.match((await bench.gone(0)).error.message, /stalled/);
    await bench.ready(0, 2);
    await bench.answers(0);
  });

  test("rejects where the new worker cannot start, and the old one goes on", async (t) => {
    const obstacle = join(folder(t), "obstacle");
    setVariable(t, "BROKEN_WHILE", obstacle);
    const bench = new Bench(t, "broken-while.ts:application");
    await bench.pool.start();
    writeFileSync(obstacle, "");
    await assert.rejects(bench.pool.replace(0, never), { name: "ApplicationLoadError", message: /not while/ });
    await bench.answers(0);
    assert.deepEqual(course(bench), ["ready"]);
    rmSync(obstacle);
    await bench.pool.replace(0, never);
    await bench.answers(0);
  });

  test("is given up with its signal, as long as the new worker is not ready", async (t) => {
    setVariable(t, "TURNSTILE", folder(t));
    const bench = new Bench(t, "first-is-fast.ts:application");
    await bench.pool.start();
    const enough = new AbortController();
    const replaced = bench.pool.replace(0, enough.signal);
    enough.abort();
    await assert.rejects(replaced, { name: "WorkerError", message: /not wanted any more/ });
    await bench.answers(0);
    writeFileSync(join(process.env.TURNSTILE!, "go"), "");
    await bench.pool.replace(0, never);
    assert.deepEqual(course(bench), ["ready", "paused", "drained", "ready"]);
  });

  test("gives the place to the new worker as soon as that is ready, if the old one dies before", async (t) => {
    setVariable(t, "TURNSTILE", folder(t));
    const bench = new Bench(t, "first-is-fast.ts:application");
    await bench.pool.start();
    const replaced = bench.pool.replace(0, never);
    bench.tell(0, "exit");
    await bench.gone(0);
    writeFileSync(join(process.env.TURNSTILE!, "go"), "");
    await replaced;
    await bench.answers(0);
    assert.deepEqual(course(bench), ["ready", "gone", "ready"]);
    assert.deepEqual(bench.pauses, []);
  });

  test("leaves no place empty: if the old worker dies and the new one cannot start, there will be another", async (t) => {
    const directory = folder(t);
    setVariable(t, "TURNSTILE", directory);
    const bench = new Bench(t, "first-is-fast.ts:application");
    await bench.pool.start();
    const enough = new AbortController();
    const replaced = bench.pool.replace(0, enough.signal);
    bench.tell(0, "exit");
    await bench.gone(0);
    enough.abort();
    await assert.rejects(replaced);
    writeFileSync(join(directory, "go"), "");
    await bench.ready(0, 2);
    await bench.answers(0);
    assert.deepEqual(bench.pauses, [1]);
  });

  test("cuts the pause short after which a dead worker would be started again", async (t) => {
    const bench = new Bench(t, "app.ts:application", { pause: () => 3_600_000 });
    await bench.pool.start();
    bench.tell(0, "exit");
    await bench.gone(0);
    await bench.pool.replace(0, never);
    await bench.answers(0);
  });

  test("is no excuse for a worker that dies while it finishes: it is gone like any other", async (t) => {
    const bench = new Bench(t, "app.ts:application");
    await bench.pool.start();
    bench.tell(0, "exit at the end");
    await bench.pool.replace(0, never);
    await bench.ready(0, 2);
    assert.deepEqual(course(bench), ["ready", "paused", "gone", "ready"]);
    await bench.answers(0);
  });

  test("still lets the old worker finish if the new one dies meanwhile, and another takes the place", async (t) => {
    setVariable(t, "LIVES", folder(t));
    const bench = new Bench(t, "second-dies.ts:application");
    await bench.pool.start();
    const old = bench.lives.get(0);
    bench.tell(0, "hello");
    const replaced = bench.pool.replace(0, never);
    await bench.gone(0);
    assert.equal(bench.of("drained").length, 0);
    // The third one is ready before the first is through.
    await bench.until("message", ({ item }) => item.type === "output" && item.text === "life 3 is there");
    assert.equal(bench.lives.get(0), old);
    writeFileSync(join(process.env.LIVES!, "finish"), "");
    await replaced;
    await bench.ready(0, 2);
    await bench.answers(0);
    assert.deepEqual(course(bench), ["ready", "paused", "gone", "drained", "ready"]);
  });

  for (const stage of ["starts", "waits for the old one"] as const) {
    test(`does not outlast the end of the pool while the new worker ${stage}`, async (t) => {
      setVariable(t, "TURNSTILE", folder(t));
      const bench = new Bench(t, "first-is-fast.ts:application");
      await bench.pool.start();
      if (stage !== "starts") writeFileSync(join(process.env.TURNSTILE!, "go"), "");
      bench.tell(0, "hang");
      const replaced = bench.pool.replace(0, never).then(
        () => "replaced",
        () => "given up",
      );
      if (stage !== "starts") await bench.until("paused");
      const drained = bench.pool.drain("shutdown");
      await bench.pool.destroy();
      assert.equal(await replaced, stage === "starts" ? "given up" : "replaced");
      await drained;
      await assert.rejects(bench.pool.replace(0, never), WorkerError);
      assert.deepEqual([...bench.of("gone"), ...bench.pauses], []);
    });
  }

  test("can be done again and again: no thread is left behind", async (t) => {
    const bench = new Bench(t, "app.ts:application", { workers: 2 });
    await bench.pool.start();
    for (let round = 0; round < 10; round++) await bench.pool.replace(round % 2, never);
    for (const worker of [0, 1]) await bench.answers(worker);
    assert.equal(lines(bench).length, 10);
    await bench.pool.drain("shutdown");
    assert.equal(lines(bench).length, 12, "two were there, and no other");
  });
});

describe("an application's environment", () => {
  test("is the process's, without this server's settings", async (t) => {
    setVariable(t, "ASGIGRAM_TOKEN", "123456:secret");
    setVariable(t, "ASGIGRAM_WORKERS", "1");
    setVariable(t, "DATABASE_URL", "postgres://db");
    const bench = new Bench(t, "app.ts:application");
    await bench.pool.start();
    bench.tell(0, "show environment");
    const shown = JSON.parse(await bench.echo(0, "{")) as NodeJS.ProcessEnv;
    const { ASGIGRAM_TOKEN: _, ASGIGRAM_WORKERS: __, ...rest } = process.env;
    assert.deepEqual(shown, { ...rest });
  });
});

describe("drain()", () => {
  /** How many workers are through with their lifespan. */
  const shutDown = (bench: Bench) =>
    bench.of("message").filter(({ item }) => item.type === "output" && item.text === "shut down").length;

  test("resolves when every worker is through with its lifespan, and none is replaced", async (t) => {
    const bench = new Bench(t, "app.ts:application", { workers: 2 });
    await bench.pool.start();
    await bench.answers(0);
    await bench.pool.drain("shutdown");
    assert.equal(shutDown(bench), 2);
    await bench.pool.destroy();
    assert.deepEqual(bench.pauses, []);
    assert.deepEqual(bench.of("gone"), []);
  });

  test("does not wait for a worker that dies meanwhile", async (t) => {
    const bench = new Bench(t, "app.ts:application", { workers: 2 });
    await bench.pool.start();
    bench.tell(0, "exit");
    await bench.pool.drain("shutdown");
    assert.equal(shutDown(bench), 1);
  });

  test("does not wait for a worker that is about to be replaced", async (t) => {
    const bench = new Bench(t, "app.ts:application", { workers: 2, pause: () => 3_600_000 });
    await bench.pool.start();
    bench.tell(0, "exit");
    await bench.gone(0);
    await bench.pool.drain("shutdown");
    assert.equal(shutDown(bench), 1);
  });
});

describe("destroy()", () => {
  test("ends threads that are blocked", async (t) => {
    const bench = new Bench(t, "app.ts:application", { workers: 2 });
    await bench.pool.start();
    bench.tell(0, "block");
    await bench.answers(1);
    await bench.pool.destroy();
    assert.deepEqual(bench.pauses, []);
  });

  test("ends threads that are still starting", async (t) => {
    setVariable(t, "TURNSTILE", folder(t));
    mkdirSync(join(process.env.TURNSTILE!, "taken"));
    const bench = new Bench(t, "first-is-fast.ts:application", { workers: 2 });
    const start = bench.pool.start();
    await Promise.all([assert.rejects(start, WorkerError), bench.pool.destroy()]);
  });
});

test("beforePost() is called before each message to a worker", async (t) => {
  let calls = 0;
  const bench = new Bench(t, "app.ts:application", {
    beforePost: () => {
      calls += 1;
    },
  });
  await bench.pool.start();
  await bench.answers(0);
  const before = calls;
  bench.tell(0, "one");
  bench.tell(0, "two");
  await bench.echo(0, "two");
  assert.equal(calls, before + 1);
});
