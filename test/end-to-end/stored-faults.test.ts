/**
 * A server whose workers die, are replaced and stop in the middle of events stores what one without faults stores. `SEEDS=3` makes other
 * faults, too.
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Simulator } from "../../simulator/index.ts";
import { Random } from "../faults/random.ts";
import { Folder } from "../folder.ts";
import { seeds } from "../seeds.ts";
import { confirmed, message } from "./bot.ts";
import { startServer } from "./server.ts";

const CHATS = [1, 2, 3, 4, 5, 6];
const ROUNDS = 25;
/** Faults of an event, and how many in a thousand have them. A death costs a thread's start. */
const FAULTS = { dies: 12, "dies-late": 18, later: 60, slow: 60, keeps: 100, throws: 40 };
/** These have a meaning without faults, too. */
const MEANING: readonly string[] = ["keeps", "throws"];

for (const seed of seeds())
  test(`what is stored after faults is what is stored without (seed ${seed})`, async () => {
    const random = new Random(seed);
    const texts = Array.from({ length: ROUNDS }, (_, round) => CHATS.map(() => `${round} ${faultOf(random)}`));
    const calm = texts.map((round) => round.map(withoutFault));
    const [without, after] = [await stored(calm, undefined), await stored(texts, random)];
    assert.ok(Object.keys(without.values).length > 2 * CHATS.length, "events that overlap have stored something");
    assert.deepEqual(after, without);
  });

/** Runs the bot. @returns what it has stored, as JSON by key, and the texts of the dead letters */
async function stored(texts: readonly (readonly string[])[], random: Random | undefined) {
  using folder = new Folder();
  const path = folder.join("inbox.sqlite");
  await using simulator = await Simulator.start();
  const start = () =>
    startServer("storing", simulator, { inbox: path, workers: 2, maxAttempts: 1000, shutdownTimeout: 2 });
  let server = await start();
  try {
    for (const round of texts) {
      await simulator.pushMany(round.map((text, i) => message(CHATS[i]!, text)));
      if (random === undefined) continue;
      if (random.chance(0.3)) await wait(random.integer(0, 30));
      if (random.chance(0.05)) await server.reload();
      if (!random.chance(0.05)) continue;
      await server.stop();
      server = await start();
    }
    await confirmed(simulator);
    await server.idle();
  } finally {
    await server.stop();
  }
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare("SELECT key, json FROM stored_value ORDER BY key").all();
  const letters = database.prepare("SELECT chat, body, reason FROM dead_letter").all();
  database.close();
  return {
    values: Object.fromEntries(rows.map(({ key, json }) => [key, json])),
    letters: letters
      .map(
        ({ chat, body, reason }) =>
          `${chat} ${JSON.parse(String(body)).message.text}: ${String(reason).split("\n")[0]}`,
      )
      .toSorted(),
  };
}

function faultOf(random: Random): string {
  let chance = random.integer(0, 999);
  for (const [fault, share] of Object.entries(FAULTS)) {
    if (chance < share) return fault;
    chance -= share;
  }
  return "none";
}

function withoutFault(text: string): string {
  const [number, fault] = text.split(" ");
  return MEANING.includes(fault!) ? text : `${number} none`;
}
