/**
 * Calls of an event that is delivered again: a fault at each point between a call, its answer, the record of that, and the settlement.
 * A death of the process is a copy of the inbox's files, which another server then finds.
 */

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { resolveConfig } from "../../src/config/config.ts";
import type { Turn } from "../../src/inbox/inbox.ts";
import { SqliteInbox } from "../../src/inbox/sqlite.ts";
import { NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import type { Answer, Call } from "../../src/protocol/port.ts";
import { type RunningServer, serve } from "../../src/server.ts";
import { BotApi } from "../../src/telegram/bot-api.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import { PushSource } from "../seams/push-source.ts";
import { message } from "./bot.ts";

const FILES = ["inbox.sqlite", "inbox.sqlite-wal", "inbox.sqlite-ledger"];
const BOT = { id: 99, username: "bot" };

/** Chats. */
const [ANN, BEN] = [1, 2];

/** A Bot API that a test can stop at any call: it knows what Telegram has seen. */
class Telegram {
  /** Messages that went out, in order. */
  readonly seen: string[] = [];
  /** Traces that each delivery of the event was given: `began with …`. */
  readonly began: unknown[][] = [];
  /** Called at each call, before it is answered. */
  onCall: (name: string) => unknown = () => {};

  constructor(t: TestContext) {
    t.mock.method(BotApi.prototype, "getMe", async () => BOT);
    t.mock.method(BotApi.prototype, "make", (call: Call) => this.#make(call));
  }

  async #make({ method, body }: Call): Promise<Answer> {
    const { text, chat_id } = JSON.parse(body) as { text?: string; chat_id: string };
    const name = method === "sendMessage" ? text! : chat_id.slice(1);
    if (method === "sendMessage") this.seen.push(name);
    if (name.startsWith("began with ")) this.began.push(JSON.parse(name.slice("began with ".length)));
    await this.onCall(name);
    return '{"ok":true,"result":{"message_id":1}}';
  }
}

/** Sees each turn that is recorded, before and after. */
class SpiedInbox extends SqliteInbox {
  onRecord: (when: "before" | "after", turn: Turn) => void = () => {};

  override record(turn: Turn): readonly number[] {
    this.onRecord("before", turn);
    const refused = super.record(turn);
    this.onRecord("after", turn);
    return refused;
  }
}

interface Started extends AsyncDisposable {
  readonly server: RunningServer;
  readonly source: PushSource;
  readonly inbox: SpiedInbox;
}

async function start(folder: string, options: Record<string, unknown> = {}): Promise<Started> {
  const path = join(folder, "inbox.sqlite");
  const config = await resolveConfig({
    options: {
      token: "99:x",
      application: join(import.meta.dirname, "apps/two-steps.ts"),
      workers: 1,
      inbox: path,
      logLevel: "silent",
      ...options,
    },
    env: {},
    cwd: import.meta.dirname,
  });
  const inbox = new SpiedInbox(path, BOT.id);
  let source!: PushSource;
  const createSource = (given: ConstructorParameters<typeof PushSource>[0]) => {
    source = new PushSource(given);
    return source;
  };
  const server = await serve(config, undefined, undefined, { openInbox: () => inbox, createSource });
  await source.running;
  return { server, source, inbox, [Symbol.asyncDispose]: () => server.stop() };
}

/** A moment at which the process may have died. */
interface Death {
  readonly at: string;
  readonly folder: string;
  /** Messages that Telegram had seen. */
  readonly seen: readonly string[];
  /** Messages whose answers were on record. */
  readonly recorded: readonly string[];
  readonly isSettled: boolean;
}

/** Handles one update, and copies the inbox at each point. */
async function live(t: TestContext, folder: Folder): Promise<Death[]> {
  const telegram = new Telegram(t);
  const deaths: Death[] = [];
  const recorded: string[] = [];
  const names = new Map<number, string>();
  let isSettled = false;
  mkdirSync(folder.join("alive"));
  await using life = await start(folder.join("alive"));
  const { server, source, inbox } = life;
  const die = (at: string) => {
    const copy = folder.join(`${deaths.length}`);
    mkdirSync(copy);
    for (const file of FILES) copyFileSync(folder.join("alive", file), join(copy, file));
    deaths.push({ at, folder: copy, seen: [...telegram.seen], recorded: [...recorded], isSettled });
  };
  telegram.onCall = async (name) => {
    die(`at the call ${name}`);
    // Telegram has answered, and nothing of it is known here.
    await undefined;
  };
  inbox.onRecord = (when, { journal, settled }) => {
    const facts = journal.map(({ type }) => type);
    if (when === "after") {
      for (const fact of journal) {
        if (fact.type === "called") names.set(fact.call.id, (JSON.parse(fact.call.body) as { text: string }).text);
        if (fact.type === "answered") recorded.push(names.get(fact.id)!);
      }
      if (settled.length > 0) isSettled = true;
    }
    if (facts.length + settled.length > 0) die(`${when} the record of ${[...facts, settled.length > 0 && "settled"]}`);
  };
  await source.push({ update_id: 1, ...message(ANN, "go") });
  await server.idle();
  assert.deepEqual(telegram.seen, ["one", "two"]);
  return deaths;
}

test("after a death of the process at any point, calls that are on record are not made again, and others are, and are uncertain", async (t) => {
  using folder = new Folder();
  const deaths = await live(t, folder);
  const points = deaths.map(({ at }) => at);
  for (const point of [
    "before the record of called",
    "at the call one",
    "before the record of answered",
    "after the record of answered",
  ]) {
    assert.ok(
      points.some((at) => at.startsWith(point)),
      `${point}: ${points}`,
    );
  }
  for (const { at, folder: copy, seen, recorded, isSettled } of deaths) {
    t.mock.restoreAll();
    const telegram = new Telegram(t);
    await using life = await start(copy);
    await life.server.idle();
    if (isSettled) assert.deepEqual(telegram.seen, [], at);
    else {
      const again = ["one", "two"].filter((name) => !recorded.includes(name));
      assert.deepEqual(telegram.seen, again, at);
      const [[saved, ...uncertain]] = telegram.began as [[unknown, ...unknown[]]];
      if (saved !== null) assert.ok(recorded.includes("one"), `${at}: saved`);
      // A call that was about to go out is uncertain, too.
      for (const name of seen) assert.equal(uncertain.includes(name), !recorded.includes(name), `${at}: ${name}`);
    }
  }
});

test("with --uncertain reject a call that was sent and not recorded is not made again", async (t) => {
  using folder = new Folder();
  const deaths = await live(t, folder);
  const { folder: copy } = deaths.find(({ at }) => at === "at the call one")!;
  t.mock.restoreAll();
  const telegram = new Telegram(t);
  await using life = await start(copy, { uncertain: "reject" });
  await life.server.idle();
  assert.deepEqual(telegram.seen, []);
});

test("with --no-journal all calls are made again", async (t) => {
  using folder = new Folder();
  const deaths = await live(t, folder);
  const { folder: copy } = deaths.findLast(({ isSettled }) => !isSettled)!;
  t.mock.restoreAll();
  const telegram = new Telegram(t);
  await using life = await start(copy, { journal: false });
  await life.server.idle();
  assert.deepEqual(telegram.seen, ["one", "two"]);
});

test("a call whose answer is lost is uncertain for the next attempt of its event, in the same worker, too", async (t) => {
  using folder = new Folder();
  const telegram = new Telegram(t);
  await using life = await start(folder.path, { retry: 2 });
  const lost = new Set(["two"]);
  telegram.onCall = (name) => {
    if (lost.delete(name)) throw new NetworkError("sendMessage", "unknown", "the connection was lost");
    if (name === "after" && telegram.began.length === 2) throw new TelegramError("getChat", 400, "Bad Request");
  };
  await life.source.push({ update_id: 1, ...message(ANN, "go") });
  await eventually(
    () => telegram.began.length === 3,
    () => `${telegram.began.length} attempts`,
  );
  await life.server.idle();
  assert.deepEqual(telegram.seen, ["one", "two", "two"]);
  assert.deepEqual(telegram.began, [[null], ["one is sent", "two"], ["one is sent"]]);
});

describe("a death of the worker", () => {
  for (const point of ["one", "between", "two", "after"]) {
    test(`at the call ${point}, which is under way: Telegram sees each message once`, async (t) => {
      using folder = new Folder();
      const telegram = new Telegram(t);
      const reached = Promise.withResolvers<void>();
      const answered = Promise.withResolvers<void>();
      telegram.onCall = (name) => {
        if (name !== point) return;
        reached.resolve();
        return answered.promise;
      };
      await using life = await start(folder.path, { maxAttempts: 1 });
      const { server, source } = life;
      await source.push({ update_id: 1, ...message(ANN, "go") });
      await reached.promise;
      await source.push({ update_id: 2, ...message(BEN, "exit") });
      await eventually(
        () => telegram.began.length > 1,
        () => "no second delivery",
      );
      answered.resolve();
      await server.idle();
      assert.deepEqual(telegram.seen, ["one", "two"]);
      assert.deepEqual(telegram.began.at(-1), [point === "one" ? null : "one is sent"]);
    });
  }
});
