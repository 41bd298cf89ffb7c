import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { shardOf } from "../../src/protocol/shard.ts";
import { DeadLetters } from "../../src/inbox/dead-letters.ts";
import { callsOf, Folder, message, startBot } from "./bot.ts";

const WORKERS = 2;

/** Chats of the first and of the second worker. */
const chats = (worker: number) =>
  Array.from({ length: 100 }, (_, i) => i + 1).filter((id) => shardOf(id, WORKERS) === worker);
const [ANN, ...NEIGHBOURS] = chats(0) as [number, ...number[]];
const [BEN] = chats(1) as [number];

async function setUp(args: string[] = []) {
  const folder = new Folder();
  const inbox = join(folder.path, "inbox.sqlite");
  const simulator = await Simulator.start();
  const options = ["--workers", `${WORKERS}`, "--inbox", inbox, ...args];
  const bot = await startBot("fragile", simulator, options).catch(async (error) => {
    await simulator.close();
    throw error;
  });
  return {
    simulator,
    bot,
    restart: () => startBot("fragile", simulator, options),
    /** What each chat has been told so far. */
    heard: (chat: number) =>
      simulator.calls.filter(({ parameters }) => parameters.chat_id === chat).map(({ parameters }) => parameters.text),
    deadLetters: () => {
      const letters = new DeadLetters(inbox);
      const all = letters.list();
      letters.close();
      return all;
    },
    async [Symbol.asyncDispose]() {
      await bot[Symbol.asyncDispose]();
      await simulator.close();
      folder[Symbol.dispose]();
    },
  };
}

describe("a worker that dies", () => {
  const deaths: Record<string, { deed: string; args?: string[]; log: RegExp }> = {
    "by process.exit()": { deed: "exit", log: /process\.exit\(7\) was called/ },
    "of an error that nobody catches": { deed: "throw", log: /thrown where nothing could catch it/ },
    "of a promise that was left behind": { deed: "reject", log: /rejected promise was left behind/ },
    "for want of heap": { deed: "heap", args: ["--worker-memory", "32"], log: /a worker is gone/ },
  };
  for (const [how, { deed, args, log }] of Object.entries(deaths)) {
    test(`${how} is replaced, and what it had is delivered again, in order`, async () => {
      await using server = await setUp(args);
      const { simulator, bot, heard } = server;
      const neighbour = NEIGHBOURS[0]!;
      await simulator.pushMany([
        message(ANN, deed),
        message(ANN, "second"),
        message(neighbour, "third"),
        message(BEN, "other"),
      ]);
      await callsOf(simulator, "sendMessage", 4);
      await bot.logged(({ msg }) => log.test(msg));
      assert.deepEqual(
        heard(ANN).map((text) => String(text).split(" ")[0]),
        [deed, "second"],
      );
      assert.equal(heard(ANN)[0], `${deed} 2`);
      assert.equal(heard(neighbour).length, 1);
      assert.deepEqual(heard(BEN), ["other 1"], "the other worker has not noticed");
      assert.deepEqual(server.deadLetters(), []);
      assert.equal((await bot.end()).code, 0);
    });
  }
});

test("an event that kills its worker each time becomes a dead letter after three attempts, and takes nobody with it", async () => {
  await using server = await setUp();
  const { simulator, bot, heard } = server;
  const innocents = NEIGHBOURS.slice(0, 20);
  const updates = [
    message(ANN, "exit always"),
    message(ANN, "after"),
    ...innocents.map((chat) => message(chat, "hello")),
  ];
  await simulator.pushMany(updates);
  await callsOf(simulator, "sendMessage", innocents.length + 1);
  assert.match(heard(ANN).join(), /^after \d$/);
  for (const chat of innocents) assert.equal(heard(chat).length, 1, `chat ${chat}`);
  const letters = server.deadLetters();
  assert.equal(letters.length, 1);
  assert.equal(JSON.parse(letters[0]!.body).message.text, "exit always");
  assert.equal(letters[0]!.attempts, 3);
  assert.match(letters[0]!.reason, /its worker died 3 times/);
  assert.match(letters[0]!.log, /process\.exit\(7\) was called/);
  assert.equal((await bot.end()).code, 0);
});

test("an exception makes a dead letter at once, and ends that instance only", async () => {
  await using server = await setUp();
  const { simulator, bot, heard } = server;
  await simulator.pushMany([message(ANN, "fail always"), message(ANN, "after"), message(NEIGHBOURS[0]!, "hello")]);
  await callsOf(simulator, "sendMessage", 2);
  assert.deepEqual(heard(ANN), ["after 1"]);
  assert.deepEqual(heard(NEIGHBOURS[0]!), ["hello 1"]);
  const [letter, ...others] = server.deadLetters();
  assert.deepEqual(others, []);
  assert.match(letter!.reason, /the application's own/);
  assert.equal(letter!.attempts, 1);
  assert.ok(!bot.log.some(({ msg }) => /a worker is gone/.test(msg)));
  assert.equal((await bot.end()).code, 0);
});

test("a worker that blocks for --stall-timeout is named, with what it is at, and replaced", async () => {
  await using server = await setUp(["--stall-timeout", "2"]);
  const { simulator, bot, heard } = server;
  await simulator.pushMany([message(ANN, "block"), message(BEN, "other")]);
  const stalled = await bot.logged(({ msg }) => /a worker is stalled/.test(msg));
  assert.deepEqual([stalled.worker, stalled.scope], [0, `chat:${ANN}`]);
  await callsOf(simulator, "sendMessage", 2);
  assert.deepEqual([heard(ANN), heard(BEN)], [["block 2"], ["other 1"]]);
  assert.equal((await bot.end()).code, 0);
});

test("what a worker had that died while the server stopped has made its attempt", async () => {
  await using server = await setUp();
  const { simulator, bot, heard } = server;
  await simulator.push(message(ANN, "die-when-stopped"));
  await bot.logged(({ msg }) => msg === "waiting to be stopped");
  assert.equal((await bot.end()).code, 0);
  await using second = await server.restart();
  await callsOf(simulator, "sendMessage", 1);
  assert.deepEqual(heard(ANN), ["die-when-stopped 2"]);
  assert.equal((await second.end()).code, 0);
});
