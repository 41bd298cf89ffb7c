import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { DeadLetters } from "../../src/inbox/dead-letters.ts";
import { shardOf } from "../../src/protocol/shard.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import { BotHere, callsOf, message, until } from "./bot.ts";

const WORKERS = 2;

/** Ids of chats that a worker serves. */
const chats = (worker: number) =>
  Array.from({ length: 100 }, (_, i) => i + 1).filter((id) => shardOf(id, WORKERS) === worker);
const [ANN, ...NEIGHBOURS] = chats(0) as [number, ...number[]];
const [BEN] = chats(1) as [number];

/** A bot that does what its messages say (apps/fragile.ts), with an inbox in a file. */
class FragileBot implements AsyncDisposable {
  readonly simulator: Simulator;
  readonly #folder = new Folder();
  readonly #args: readonly string[];
  #bot: BotHere | undefined;

  private constructor(simulator: Simulator, args: readonly string[]) {
    this.simulator = simulator;
    this.#args = ["--workers", `${WORKERS}`, "--inbox", this.#folder.join("inbox.sqlite"), ...args];
  }

  static async start(...args: readonly string[]): Promise<FragileBot> {
    const fragile = new FragileBot(await Simulator.start(), args);
    await fragile.restart();
    return fragile;
  }

  async restart(): Promise<void> {
    this.#bot = new BotHere("apps/fragile.ts", this.simulator, this.#args);
    await this.#bot.process.says("serving");
  }

  get bot(): BotHere {
    return this.#bot!;
  }

  /** Texts of the bot's messages to a chat so far. */
  said(chat: number): unknown[] {
    const calls = this.simulator.calls.filter(({ parameters }) => parameters.chat_id === chat);
    return calls.map(({ parameters }) => parameters.text);
  }

  deadLetters() {
    const letters = new DeadLetters(this.#folder.join("inbox.sqlite"));
    try {
      return letters.list();
    } finally {
      letters.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bot?.[Symbol.asyncDispose]();
    await this.simulator.close();
    this.#folder[Symbol.dispose]();
  }
}

describe("a worker's death", () => {
  const deaths: Record<string, { deed: string; args?: string[]; log: RegExp }> = {
    "process.exit()": { deed: "exit", log: /process\.exit\(7\) was called/ },
    "an error of no instance": { deed: "throw-outside", log: /an uncaught exception ends the worker/ },
    "a full heap": { deed: "heap", args: ["--worker-memory", "32"], log: /a worker died/ },
  };
  for (const [how, { deed, args = [], log }] of Object.entries(deaths)) {
    test(`a worker that dies of ${how} is replaced, and its events are delivered again, in order`, async () => {
      await using server = await FragileBot.start(...args);
      const { simulator, bot } = server;
      const neighbour = NEIGHBOURS[0]!;
      await simulator.pushMany([
        message(ANN, deed),
        message(ANN, "second"),
        message(neighbour, "third"),
        message(BEN, "other"),
      ]);
      const counts = () => [ANN, neighbour, BEN].map((chat) => server.said(chat).length);
      await eventually(() => counts().every((count, i) => count >= [2, 1, 1][i]!), counts);
      await bot.logged(({ msg }) => log.test(msg));
      assert.deepEqual(
        server.said(ANN).map((text) => String(text).split(" ")[0]),
        [deed, "second"],
      );
      assert.equal(server.said(ANN)[0], `${deed} 2`);
      // Its call may have gone out before its worker died.
      assert.match(server.said(neighbour).join(), /^third [12](,third 2)?$/);
      assert.deepEqual(server.said(BEN), ["other 1"], "the other worker goes on");
      assert.deepEqual(server.deadLetters(), []);
      assert.equal((await bot.end()).code, 0);
    });
  }
});

for (const deed of ["throw", "reject"]) {
  test(`an error of an instance that nothing catches (${deed}) makes a dead letter at once, and ends that instance only`, async () => {
    await using server = await FragileBot.start();
    const { simulator, bot } = server;
    await simulator.pushMany([message(ANN, `${deed} always`), message(ANN, "after"), message(NEIGHBOURS[0]!, "hello")]);
    await callsOf(simulator, "sendMessage", 2);
    assert.deepEqual([server.said(ANN), server.said(NEIGHBOURS[0]!)], [["after 1"], ["hello 1"]]);
    const letters = server.deadLetters();
    assert.equal(letters.length, 1);
    assert.match(letters[0]!.reason, /thrown where nothing catches|left behind/);
    assert.ok(!bot.log.some(({ msg }) => /a worker died/.test(msg)));
    assert.equal((await bot.end()).code, 0);
  });
}

test("a suspect is handled in quarantine while its worker serves the others, and the quarantine ends when it is idle", async () => {
  await using server = await FragileBot.start("--idle-timeout", "0.1");
  const { simulator, bot } = server;
  await simulator.push(message(ANN, "exit"));
  await callsOf(simulator, "sendMessage", 1);
  assert.deepEqual(server.said(ANN), ["exit 2"]);
  assert.ok(bot.log.some(({ msg, worker }) => /the quarantine starts/.test(msg) && worker === WORKERS));
  await bot.logged(({ msg }) => msg === "the quarantine ends");
  await simulator.push(message(ANN, "hello"));
  await callsOf(simulator, "sendMessage", 2);
  assert.deepEqual(server.said(ANN), ["exit 2", "hello 1"]);
  assert.equal((await bot.end()).code, 0);
});

for (const [where, ...args] of [
  ["in quarantine"],
  ["in its own worker, without memory for a quarantine", "--memory-limit", "64"],
] as const) {
  test(`an event that kills its worker each time becomes a dead letter after three attempts ${where}; other events do not`, async () => {
    await using server = await FragileBot.start(...args);
    const { simulator, bot } = server;
    const innocents = NEIGHBOURS.slice(0, 20);
    const updates = [
      message(ANN, "exit always"),
      message(ANN, "after"),
      ...innocents.map((chat) => message(chat, "hello")),
    ];
    await simulator.pushMany(updates);
    const isAnswered = () => [ANN, ...innocents].every((chat) => server.said(chat).length > 0);
    await until(simulator, isAnswered, "an answer to each chat");
    assert.match(server.said(ANN).join(), /^after \d$/);
    for (const chat of innocents) {
      // Each answer has the number of its attempt. On a busy machine one may go on beside the suspect, and be interrupted after its answer.
      const most = args.length === 0 ? 1 : 3;
      const said = server.said(chat);
      assert.ok(said.length <= most && new Set(said).size === said.length, `chat ${chat}: ${said}`);
    }
    const letters = server.deadLetters();
    assert.equal(letters.length, 1);
    assert.equal(JSON.parse(letters[0]!.body).message.text, "exit always");
    assert.equal(letters[0]!.attempts, 3);
    assert.match(letters[0]!.reason, /its worker died 3 times/);
    assert.match(letters[0]!.log, /process\.exit\(7\) was called/);
    assert.equal(
      bot.log.some(({ msg }) => /the quarantine starts/.test(msg)),
      args.length === 0,
    );
    assert.equal((await bot.end()).code, 0);
  });
}

test("an exception makes a dead letter at once, and ends that instance only", async () => {
  await using server = await FragileBot.start();
  const { simulator, bot } = server;
  await simulator.pushMany([message(ANN, "fail always"), message(ANN, "after"), message(NEIGHBOURS[0]!, "hello")]);
  await callsOf(simulator, "sendMessage", 2);
  assert.deepEqual(server.said(ANN), ["after 1"]);
  assert.deepEqual(server.said(NEIGHBOURS[0]!), ["hello 1"]);
  const [letter, ...others] = server.deadLetters();
  assert.deepEqual(others, []);
  assert.match(letter!.reason, /the application's own/);
  assert.equal(letter!.attempts, 1);
  assert.ok(!bot.log.some(({ msg }) => /a worker died/.test(msg)));
  assert.equal((await bot.end()).code, 0);
});

test("a worker that blocks for --stall-timeout is logged with its scope, and replaced", async () => {
  await using server = await FragileBot.start("--stall-timeout", "2");
  const { simulator, bot } = server;
  await simulator.pushMany([message(ANN, "block"), message(BEN, "other")]);
  const stalled = await bot.logged(({ msg }) => /a worker is stalled/.test(msg));
  assert.deepEqual([stalled.worker, stalled.scope], [0, `chat:${ANN}`]);
  await callsOf(simulator, "sendMessage", 2);
  assert.deepEqual([server.said(ANN), server.said(BEN)], [["block 2"], ["other 1"]]);
  assert.equal((await bot.end()).code, 0);
});

test("an event whose worker dies while the server stops has made its attempt", async () => {
  await using server = await FragileBot.start();
  const { simulator, bot } = server;
  await simulator.push(message(ANN, "die-when-stopped"));
  await bot.logged(({ msg }) => msg === "waiting to be stopped");
  assert.equal((await bot.end()).code, 0);
  await server.restart();
  await callsOf(simulator, "sendMessage", 1);
  assert.deepEqual(server.said(ANN), ["die-when-stopped 2"]);
  assert.equal((await server.bot.end()).code, 0);
});
