/** A server whose updates are pushed to it, with the SQLite inbox. */

import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { Simulator, type SimulatorOptions } from "../../simulator/index.ts";
import type { SourceOptions } from "../../src/assembly.ts";
import { resolveConfig } from "../../src/config/config.ts";
import { FlushThread } from "../../src/inbox/flush-thread.ts";
import { type RunningServer, serve } from "../../src/server.ts";
import { unsettledIn } from "../chaos/inbox-file.ts";
import { message } from "../end-to-end/bot.ts";
import { eventually } from "../eventually.ts";
import { Random } from "../faults/random.ts";
import { Folder } from "../folder.ts";
import { isSettled } from "../settled.ts";
import { PushSource } from "./push-source.ts";

const APPS = {
  slow: join(import.meta.dirname, "../end-to-end/apps/slow.ts"),
  "held-back": join(import.meta.dirname, "../fixtures/apps/held-back.ts"),
};

const CHATS = Array.from({ length: 8 }, (_, i) => i + 1);

interface BenchOptions extends SimulatorOptions {
  inboxLimit?: number;
}

/** A server in this process, its source, and a Bot API that knows the chats. */
class Bench implements AsyncDisposable {
  readonly path: string;
  readonly server: RunningServer;
  readonly source: PushSource;
  readonly simulator: Simulator;
  readonly #folder: Folder;

  private constructor(path: string, server: RunningServer, source: PushSource, simulator: Simulator, folder: Folder) {
    this.path = path;
    this.server = server;
    this.source = source;
    this.simulator = simulator;
    this.#folder = folder;
  }

  static async start(app: keyof typeof APPS, workers: number, options: BenchOptions = {}): Promise<Bench> {
    const folder = new Folder();
    const { inboxLimit, ...simulated } = options;
    const simulator = await Simulator.start(simulated);
    // So that the chats exist; this server does not poll.
    await simulator.pushMany(CHATS.map((chat) => message(chat, "")));
    const path = folder.join("inbox.sqlite");
    const { token, url: apiUrl } = simulator;
    const config = await resolveConfig({
      options: {
        token,
        apiUrl,
        application: APPS[app],
        workers,
        inbox: path,
        inboxLimit,
        rateLimit: false,
        logLevel: "silent",
      },
      env: {},
      cwd: import.meta.dirname,
    });
    const created = Promise.withResolvers<PushSource>();
    const createSource = (given: SourceOptions) => {
      const source = new PushSource(given);
      created.resolve(source);
      return source;
    };
    const server = await serve(config, undefined, undefined, { createSource });
    const source = await created.promise;
    await source.running;
    return new Bench(path, server, source, simulator, folder);
  }

  /** The texts that were sent to the chat, in order. */
  heard(chat: number): string[] {
    return this.simulator.calls
      .filter(({ method, parameters }) => method === "sendMessage" && parameters.chat_id === chat)
      .map(({ parameters }) => String(parameters.text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
    await this.simulator.close();
    this.#folder[Symbol.dispose]();
  }
}

test("updates that are pushed are answered once each, in the order of each chat", async () => {
  const random = new Random(1);
  await using bench = await Bench.start("slow", 2);
  const { source, server } = bench;
  const rounds = 20;
  let id = 0;
  const updates = Array.from({ length: rounds }, (_, round) =>
    CHATS.map((chat) => ({ update_id: ++id, ...message(chat, `${round + 1}`) })),
  ).flat();
  const pushes: Promise<number>[] = [];
  for (let at = 0, size = 0; at < updates.length; at += size) {
    size = random.integer(1, 12);
    const batch = updates.slice(at, at + size);
    const push = source.push(...batch);
    pushes.push(push);
    // Telegram repeats a request to a webhook that did not answer in time.
    if (random.chance(0.3)) pushes.push(source.push(...batch));
    if (random.chance(0.5)) await push;
  }
  const added = (await Promise.all(pushes)).reduce((sum, count) => sum + count, 0);
  assert.equal(added, updates.length);
  await server.idle();
  for (const chat of CHATS) {
    assert.deepEqual(
      bench.heard(chat),
      Array.from({ length: rounds }, (_, i) => `${i + 1} 1`),
    );
  }
  await server.stop();
  assert.equal(source.isConfirmed, true);
  assert.equal(unsettledIn(bench.path), 0);
  assert.ok(!bench.simulator.calls.some(({ method }) => method === "getUpdates"));
});

describe("received()", () => {
  /** Flushes of the disk wait until they are let go. */
  function holdDisk(t: TestContext) {
    const { flush } = FlushThread.prototype;
    const [asked, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    t.mock.method(FlushThread.prototype, "flush", async function (this: FlushThread) {
      asked.resolve();
      await done.promise;
      await flush.call(this);
    });
    return { asked: asked.promise, done: done.resolve };
  }

  test("it resolves when the batch is stored for good, and the application does not wait for that", async (t) => {
    await using bench = await Bench.start("slow", 1);
    const disk = holdDisk(t);
    const pushed = bench.source.push({ update_id: 1, ...message(1, "one") }, { update_id: 2, ...message(2, "two") });
    await disk.asked;
    await eventually(
      () => bench.heard(2).length > 0,
      () => bench.simulator.calls,
    );
    assert.equal(await isSettled(pushed), false);
    disk.done();
    assert.equal(await pushed, 2);
  });

  test("a batch that it resolved for is found by the next process, whenever this one dies", async (t) => {
    using folder = new Folder();
    // The call that is held keeps the events unsettled.
    const gate = Promise.withResolvers<void>();
    await using bench = await Bench.start("held-back", 1, {
      intercept: async ({ method }, respond) => {
        if (method === "sendMessage") await gate.promise;
        return await respond();
      },
    });
    t.after(() => gate.resolve());
    await bench.source.push({ update_id: 1, ...message(1, "one") }, { update_id: 2, ...message(2, "two") });
    for (const suffix of ["", "-wal"]) cpSync(bench.path + suffix, folder.join(`copy${suffix}`));
    assert.equal(unsettledIn(folder.join("copy")), 2);
    gate.resolve();
  });

  test("it waits while the inbox is full, and resolves when half of its events are settled", async () => {
    const gate = Promise.withResolvers<void>();
    await using bench = await Bench.start("held-back", 1, {
      inboxLimit: 1000,
      intercept: async ({ method }, respond) => {
        if (method === "sendMessage") await gate.promise;
        return await respond();
      },
    });
    const { source, server, path } = bench;
    let id = 0;
    const updates = (count: number) =>
      Array.from({ length: count }, () => ({ update_id: ++id, ...message(1 + (id % CHATS.length), "hi") }));
    assert.equal(await source.push(...updates(999)), 999);
    const full = source.push(...updates(1));
    const more = source.push(...updates(1));
    await eventually(
      () => unsettledIn(path) === 1001,
      () => unsettledIn(path),
    );
    assert.deepEqual([await isSettled(full), await isSettled(more)], [false, false]);
    gate.resolve();
    assert.deepEqual([await full, await more], [1, 1]);
    await server.idle();
    assert.equal(await source.push(...updates(1)), 1);
    await server.idle();
    await server.stop();
    assert.equal(unsettledIn(path), 0);
  });

  test("stop() ends the wait: the batch is stored, and the next server has it", async () => {
    const gate = Promise.withResolvers<void>();
    await using bench = await Bench.start("held-back", 1, {
      inboxLimit: 1000,
      intercept: async ({ method }, respond) => {
        if (method === "sendMessage") await gate.promise;
        return await respond();
      },
    });
    const { source, server, path } = bench;
    const updates = Array.from({ length: 1000 }, (_, i) => ({ update_id: i, ...message(1, "hi") }));
    const full = source.push(...updates);
    await eventually(
      () => unsettledIn(path) === 1000,
      () => unsettledIn(path),
    );
    assert.equal(await isSettled(full), false);
    const stopped = server.stop();
    assert.equal(await full, 1000);
    gate.resolve();
    await stopped;
    // The event at hand was finished.
    assert.equal(unsettledIn(path), 999);
  });
});
