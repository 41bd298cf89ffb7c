import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { confirmed, message } from "../end-to-end/bot.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import { seeds } from "../seeds.ts";
import { FaultyBot } from "./bot.ts";
import type { Fault, FaultName } from "./faults.ts";
import { FAULTS } from "./faults.ts";
import { EVERYTHING, POLLS } from "./faulty-api.ts";

/** A fault that answers with this text. */
function answering(text: string): Fault {
  return ({ response }) => void response.writeHead(200, { "content-type": "application/json" }).end(text);
}

/** JSON nested 20,000 deep. */
const DEEP = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;

/** Updates that cannot become events. */
const ABSURD = [
  "null",
  "7",
  '"update"',
  "[]",
  "{}",
  '{"message":{"text":"without an id"}}',
  '{"update_id":"601","message":{"text":"an id that is text"}}',
  '{"update_id":602.5,"message":{"text":"a fraction"}}',
  '{"update_id":9e99,"message":{"text":"more than there are"}}',
  '{"update_id":null,"message":{"text":"null"}}',
  '{"update_id":{},"message":{"text":"an object"}}',
  '{"update_id":610}',
  '{"update_id":611,"message":null}',
  '{"update_id":612,"message":7}',
  '{"update_id":613,"message":"text"}',
  '{"update_id":614,"message":[]}',
  '{"update_id":615,"message":true}',
  '{"update_id":616,"":null}',
];

/** Odd updates that are events all the same: an application gets them. */
const ODD = [
  '{"update_id":620,"levitation":{"from":{"id":1,"is_bot":false,"first_name":"Ann"}}}',
  '{"update_id":621,"message":{}}',
  '{"update_id":622,"message":{"chat":null}}',
  '{"update_id":623,"message":{"chat":{"id":"1"}}}',
  '{"update_id":624,"message":{"chat":{"id":1e300}}}',
  `{"update_id":625,"message":{"chat":{"id":3,"type":"private"},"nested":${DEEP}}}`,
  '{"update_id":626,"poll":{"type":{"type":"type"}}}',
  '{"update_id":627,"__proto__":{"chat":{"id":1}}}',
  '{"update_id":628,"callback_query":{"message":7,"from":[]}}',
  '{"update_id":629,"constructor":{"hasOwnProperty":1}}',
  // Of two kinds the first counts.
  `{"update_id":630,"message":${JSON.stringify(message(2, "3").message)},"edited_message":null}`,
];

/** Resolves when a fault has hit so many polls. */
async function spoiledPolls(bot: FaultyBot, count: number): Promise<void> {
  const spoiled = () => bot.api.visits(POLLS).filter((visit) => visit.spoiled).length;
  await eventually(
    () => spoiled() >= count,
    () => `${spoiled()} of ${count} polls`,
  );
}

const good = (update_id: number, chat: number, text: string) => JSON.stringify({ update_id, ...message(chat, text) });

test("updates that cannot be events become dead letters; the others of their batch, and later ones, are handled", async () => {
  using folder = new Folder();
  const inbox = join(folder.path, "inbox.sqlite");
  await using bot = await FaultyBot.start("echo", { seed: 1, flags: { inbox } });
  // The simulator must know the chats.
  await bot.round();
  await bot.answered();
  const batch = [good(600, 1, "2"), ...ABSURD, good(619, 1, "3"), ...ODD, good(640, 2, "4"), "null"];
  bot.api.inject({ fault: answering(`{"ok":true,"result":[${batch}]}`), on: POLLS, times: 1 });
  await bot.api.simulator.push(message(5, "2"));
  await bot.hears(2, 3);
  await bot.server.idle();
  assert.deepEqual(bot.heard(1), ["1 1", "2 1", "3 1"]);
  assert.deepEqual(bot.heard(2), ["1 1", "3 1", "4 1"]);

  await bot.api.simulator.push(message(4, "2"));
  await bot.hears(4, 2);
  await bot.server.stop();
  const database = new DatabaseSync(inbox, { readOnly: true });
  const dead = database.prepare("SELECT body FROM dead_letter ORDER BY rowid").all() as { body: string }[];
  // null came twice, and is kept once.
  assert.equal(dead.length, ABSURD.length, dead.map(({ body }) => body.slice(0, 80)).join("\n"));
  const { unsettled } = database.prepare("SELECT count(*) AS unsettled FROM event").get() as { unsettled: number };
  assert.equal(unsettled, 0);
  database.close();
});

test("a server with nothing but updates without ids is polled with pauses, and its later updates are handled", async () => {
  await using bot = await FaultyBot.start("echo", { seed: 1 });
  await bot.round();
  await bot.answered();
  const nonsense = bot.api.inject({ fault: answering('{"ok":true,"result":[{"message":{}},null]}'), on: POLLS });
  await bot.round();
  await spoiledPolls(bot, 5);
  const before = bot.api.visits(POLLS).length;
  await delay(2000);
  assert.ok(bot.api.visits(POLLS).length - before <= 4);
  nonsense.stop();
  await bot.answered();
});

test("batches of 4 MiB arrive whole and in order", async () => {
  await using bot = await FaultyBot.start("echo", { seed: 1 });
  await bot.round();
  await bot.answered();
  const filler = "x".repeat(100_000);
  await bot.api.simulator.pushMany(
    Array.from({ length: 120 }, (_, i) => {
      const update = message(1 + (i % 5), String(2 + Math.floor(i / 5))) as { message: { filler?: string } };
      update.message.filler = filler;
      return update;
    }),
  );
  for (let chat = 1; chat <= 5; chat++) await bot.hears(chat, 25);
  for (let chat = 1; chat <= 5; chat++) {
    assert.deepEqual(
      bot.heard(chat),
      Array.from({ length: 25 }, (_, i) => `${i + 1} 1`),
    );
  }
});

test("ids that restart lower are new updates, and are asked for in their order", async () => {
  await using bot = await FaultyBot.start("echo", { seed: 1, simulator: { firstUpdateId: 900_000_000 } });
  for (const first of [800_000_000, 5, 850_000_000, 20, 0]) {
    await bot.round();
    await bot.answered();
    await confirmed(bot.api.simulator);
    bot.api.simulator.restartIds(first);
  }
  await bot.round();
  await bot.answered();
});

test("the same update twice in a batch, and again in later ones, is handled once", async () => {
  await using bot = await FaultyBot.start("echo", { seed: 1 });
  await bot.round();
  await bot.answered();
  const batch = [good(600, 1, "2"), good(600, 1, "2"), good(601, 1, "3"), good(600, 1, "2")];
  bot.api.inject({ fault: answering(`{"ok":true,"result":[${batch}]}`), on: POLLS, times: 3 });
  await bot.api.simulator.push(message(1, "4"));
  await spoiledPolls(bot, 3);
  await bot.api.simulator.push(message(1, "5"));
  await bot.hears(1, "5 1");
  assert.deepEqual(bot.heard(1), ["1 1", "4 1", "2 1", "3 1", "5 1"]);
});

/** Rounds after which the Bot API refuses connections for a while. */
const DOOR_SHUTS = [20, 50, 80];

/** Refuses connections for 300 ms. It cuts polls but no send: a send that is cut is not repeated, so its answer would never come. */
async function shutTheDoor(bot: FaultyBot): Promise<void> {
  await bot.server.idle();
  const door = bot.api.inject({ fault: "refused" });
  await delay(300);
  door.stop();
}

describe("under faults of the Bot API", { concurrency: true, timeout: 180_000 }, () => {
  for (const seed of seeds()) {
    test(`polls bring each update once and in order (seed ${seed})`, async () => {
      await using bot = await FaultyBot.start("echo", { seed });
      const faults = (Object.keys(FAULTS) as FaultName[]).filter((name) => !["halfOpen", "stallInBody"].includes(name));
      // A silent fault would hold its poll until the deadline, a minute later: here faults end with heal().
      for (const fault of faults) bot.api.inject({ fault, on: POLLS, probability: 0.02, endsInReset: true });
      // The number of polls, and so of faults, depends on the speed of this machine.
      for (let round = 0; round < 100 || (bot.api.struck.size < 5 && round < 1000); round++) {
        await bot.round();
        if (DOOR_SHUTS.includes(round)) await shutTheDoor(bot);
        await delay(bot.api.random.integer(0, 80));
      }
      bot.api.heal();
      await bot.answered();
      assert.ok(bot.api.struck.size >= 5);
      assert.equal(bot.api.struck.get("refused"), DOOR_SHUTS.length);
    });
  }

  for (const result of ["null", "7", "[]", "{}", '{"id":"7"}']) {
    test(`a start does not accept ${result} as a bot`, async () => {
      using folder = new Folder();
      await using bot = await FaultyBot.start("echo", {
        seed: 1,
        flags: { inbox: join(folder.path, "inbox.sqlite") },
        prepare: (api) =>
          void api.inject({ fault: answering(`{"ok":true,"result":${result}}`), on: /^getMe$/, times: 2 }),
      });
      assert.equal(bot.api.visits(/^getMe$/).length, 3, "each of the two answers was refused");
      await bot.round();
      await bot.answered();
    });
  }

  test("a start waits until the Bot API answers well", async () => {
    const starting = FaultyBot.start("echo", {
      seed: 1,
      prepare: (api) =>
        api.schedule([
          { fault: "refused", from: 0, for: 600 },
          { fault: "badGateway", on: EVERYTHING, from: 600, for: 400 },
          { fault: "nonsense", on: EVERYTHING, from: 1000, for: 400 },
        ]),
    });
    await using bot = await starting;
    await bot.round();
    await bot.answered();
  });
});
