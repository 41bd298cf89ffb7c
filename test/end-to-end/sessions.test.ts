/**
 * Sessions of grammY and Telegraf in asgigram/storage. The bots are killed in mid-load. `SEEDS=3` kills at other moments, too. On two
 * machines their chats move.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Simulator } from "../../simulator/index.ts";
import { eventually } from "../eventually.ts";
import { Random } from "../faults/random.ts";
import { Folder } from "../folder.ts";
import { Place } from "../inbox/postgres/database.ts";
import { sharedServer } from "../postgres/shared-server.ts";
import { seeds } from "../seeds.ts";
import { callsOf, message, until } from "./bot.ts";
import { ask, startProgram, startProgramHere } from "./program.ts";

const CHATS = 10;
const ROUNDS = 12;
const KILLS = 2;
const TRIALS = seeds().flatMap((seed) => ["grammy", "telegraf"].map((library) => [library, seed] as const));

const updates = Array.from({ length: CHATS * ROUNDS }, (_, i) =>
  message((i % CHATS) + 1, `${Math.floor(i / CHATS) + 1}`),
);
const inOrder = Array.from({ length: ROUNDS }, (_, i) => `${i + 1} of ${i + 1}`);

for (const [library, seed] of TRIALS) {
  describe(`a bot of ${library} whose sessions are kept with the inbox`, () => {
    test(`kill -9 in mid-load: a message that comes again finds the session as it was before it (seed ${seed})`, async () => {
      const random = new Random(seed);
      const delays = random.fork();
      using folder = new Folder();
      await using simulator = await Simulator.start({
        intercept: async ({ method }, respond) => {
          // The call may be recorded, and its event not settled, or neither.
          if (method === "sendMessage") await wait(delays.integer(5, 30));
          return await respond();
        },
      });
      const program = `sessions/${library}.ts`;
      const options = { args: ["--inbox", folder.join("inbox.sqlite")] };
      const sent = () =>
        simulator.calls.filter(({ method }) => method === "sendMessage").map((call) => call.parameters);
      const textsOf = (chat: number) => sent().flatMap(({ chat_id, text }) => (chat_id === chat ? [String(text)] : []));
      const chats = Array.from({ length: CHATS }, (_, i) => i + 1);

      await simulator.pushMany(updates);
      for (let kill = 0; kill < KILLS; kill++) {
        await using bot = await startProgram(program, simulator, options);
        await callsOf(simulator, "sendMessage", sent().length + random.integer(CHATS, 3 * CHATS));
        await bot.end("SIGKILL");
        // What the dead process had sent is read before this.
        await fetch(`${simulator.url}/bot${simulator.token}/getMe`);
      }
      assert.ok(sent().length < updates.length, "the server was killed in mid-load");
      await using bot = await startProgramHere(program, simulator, options);
      await until(simulator, () => chats.every((chat) => textsOf(chat).at(-1)?.startsWith(`${ROUNDS} of`)));
      // A session that had been written by an interrupted delivery would have counted the message twice.
      for (const chat of chats) {
        const texts = textsOf(chat);
        assert.deepEqual(
          texts.filter((text, i) => text !== texts[i - 1]),
          inOrder,
          `chat ${chat}`,
        );
      }

      const ann = await simulator.user("ann");
      assert.equal(await ask(ann, "hello"), "hello of 1");
      assert.equal(await ask(ann, "/order"), "which size?");
      assert.equal(await ask(ann, "large"), "which pizza?");
      await bot.end();
      await using last = await startProgramHere(program, simulator, options);
      assert.equal(await ask(ann, "funghi"), "large funghi");
      assert.equal(await ask(ann, "again"), "again of 2");
      assert.equal(await ask(ann, "/texts"), "hello again");
      assert.equal((await last.end()).code, 0);
    });
  });
}

const address = await sharedServer();

for (const library of ["grammy", "telegraf"]) {
  test(`a bot of ${library} on two machines: its chats and their sessions move to one that joins, and from one that is killed`, async (t) => {
    const place = new Place(t, address);
    await using simulator = await Simulator.start({ token: `${place.bot}:${"x".repeat(35)}` });
    const program = `sessions/${library}.ts`;
    const options = { args: ["--inbox", address] };
    const people = await Promise.all(Array.from({ length: CHATS }, (_, i) => simulator.user(`user${i}`)));
    /** Everyone says a text, which is the chat's message of that number, and its events are settled. */
    const say = async (text: string, number: number) => {
      const answers = await Promise.all(people.map((person) => ask(person, text)));
      assert.deepEqual(answers, new Array(CHATS).fill(`${text} of ${number}`));
      const left = () => place.sql("SELECT seq FROM $event");
      await eventually(async () => (await left()).length === 0, left);
    };
    const owners = () => place.sql("SELECT owner, count(*) FROM $lease WHERE shard >= 0 GROUP BY owner");

    await using one = await startProgram(program, simulator, options);
    await say("one", 1);
    await using two = await startProgramHere(program, simulator, options);
    await eventually(async () => (await owners()).filter(({ count }) => Number(count) === 128).length === 2, owners);
    await say("two", 2);
    await one.end("SIGKILL");
    await say("three", 3);
    assert.equal((await two.end()).code, 0);
  });
}
