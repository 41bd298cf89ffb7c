/** Bots that do not wait for their replies are killed in mid-load, twice each. `SEEDS=3` kills at other moments, too. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Simulator } from "../../simulator/index.ts";
import { Random } from "../faults/random.ts";
import { Folder } from "../folder.ts";
import { seeds } from "../seeds.ts";
import { callsOf, message, until } from "./bot.ts";
import { startProgram, startProgramHere } from "./program.ts";

const CHATS = 20;
const ROUNDS = 15;
const KILLS = 2;
const TRIALS = seeds().flatMap((seed) => ["grammy", "telegraf"].map((library) => [library, seed] as const));
/** Each message is answered twice. */
const TOTAL = 2 * CHATS * ROUNDS;

const updates = Array.from({ length: CHATS * ROUNDS }, (_, i) =>
  message((i % CHATS) + 1, `${Math.floor(i / CHATS) + 1}`),
);
const inOrder = Array.from({ length: ROUNDS }, (_, i) => [`${i + 1} first`, `${i + 1} second`]).flat();

describe("a program that is killed in mid-load", () => {
  for (const [library, seed] of TRIALS) {
    test(`a bot for ${library} loses nothing, keeps the order of each chat, and repeats no recorded call (seed ${seed})`, async () => {
      const random = new Random(seed);
      const delays = random.fork();
      using folder = new Folder();
      await using simulator = await Simulator.start({
        intercept: async ({ method }, respond) => {
          if (method === "sendMessage") await wait(delays.integer(5, 30));
          return await respond();
        },
      });
      const program = `unawaited-${library}.ts`;
      const options = { args: ["--inbox", folder.join("inbox.sqlite")] };
      const sent = () =>
        simulator.calls.filter(({ method }) => method === "sendMessage").map((call) => call.parameters);
      const textsOf = (chat: number) => sent().flatMap(({ chat_id, text }) => (chat_id === chat ? [String(text)] : []));
      const chats = Array.from({ length: CHATS }, (_, i) => i + 1);
      /** Number of calls to each chat, at each kill. */
      const kills: number[][] = [];

      await simulator.pushMany(updates);
      for (let kill = 0; kill < KILLS; kill++) {
        await using bot = await startProgram(program, simulator, options);
        await callsOf(simulator, "sendMessage", sent().length + random.integer(TOTAL / 20, TOTAL / 5));
        await bot.end("SIGKILL");
        // What the dead process had sent is read before this.
        await fetch(`${simulator.url}/bot${simulator.token}/getMe`);
        kills.push(chats.map((chat) => textsOf(chat).length));
      }
      assert.ok(sent().length < TOTAL, "the server was killed in mid-load");
      await using bot = await startProgramHere(program, simulator, options);
      await until(simulator, () => chats.every((chat) => textsOf(chat).at(-1) === inOrder.at(-1)));
      assert.equal((await bot.end()).code, 0);

      for (const [i, chat] of chats.entries()) {
        const texts = textsOf(chat);
        const repeated = new Set(texts.flatMap((text, at) => (text === texts[at - 1] ? [at] : [])));
        assert.deepEqual(
          texts.filter((_, at) => !repeated.has(at)),
          inOrder,
        );
        // All but the last call to the chat before a kill were answered and recorded.
        for (const at of repeated)
          assert.ok(
            kills.some((counts) => counts[i] === at),
            `${texts} at ${at}`,
          );
      }
    });
  }
});
