import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type IncomingCall, refuse, tooManyRequests } from "../../simulator/index.ts";
import { NetworkError, TelegramError } from "../../src/protocol/errors.ts";
import { eventually } from "../eventually.ts";
import { Clock } from "./clock.ts";
import { FAULTS, type FaultName, POLL_FAULTS, SPOILING } from "./faults.ts";
import { SENDS } from "./faulty-api.ts";
import { Sender } from "./sender.ts";

const parallel = { concurrency: true } as const;

const SEND_FAULTS = (Object.keys(FAULTS) as FaultName[]).filter((fault) => !POLL_FAULTS.has(fault));
const REFUSED_429 = SEND_FAULTS.filter((fault) => fault.startsWith("tooMany"));
/** Good answers in an odd form. */
const HARMLESS: readonly FaultName[] = ["slowDrip", "wrongContentType"];
/** Answers that leave it unknown if the call was carried out; silent.test.ts has the two that take a minute. */
const UNCERTAIN = SEND_FAULTS.filter(
  (fault) => !REFUSED_429.includes(fault) && !HARMLESS.includes(fault) && !["halfOpen", "stallInBody"].includes(fault),
);

describe("a message that meets a fault", parallel, () => {
  for (const fault of HARMLESS) {
    test(`a message meets ${fault}: it is delivered once`, async () => {
      await using sender = await Sender.start({ seed: 1 });
      sender.api.inject({ fault, on: SENDS, times: 1 });
      await sender.say(1, "hello");
      assert.deepEqual(await sender.heard(1), ["hello"]);
    });
  }

  for (const fault of REFUSED_429) {
    test(`a message meets ${fault}: it is delivered once, a second later`, async () => {
      const clock = new Clock();
      await using sender = await Sender.start({ seed: 1, clock });
      sender.api.inject({ fault, on: SENDS, times: 1 });
      const said = sender.say(1, "hello");
      await paused(clock, 1);
      assert.deepEqual(clock.waits, [1000]);
      clock.advance(999);
      assert.deepEqual(await sender.heard(1), []);
      clock.advance(1);
      await said;
      assert.deepEqual(await sender.heard(1), ["hello"]);
    });
  }

  test("a message meets a door that is shut: it is delivered once when the door is open", async () => {
    await using sender = await Sender.start({ seed: 1 });
    const door = sender.api.inject({ fault: "refused" });
    await setImmediate();
    const said = [sender.say(1, "one"), sender.say(1, "two")];
    await eventually(
      () => sender.api.refusals.length >= 2,
      () => `${sender.api.refusals.length} of 2 connections are refused`,
    );
    door.stop();
    await Promise.all(said);
    assert.deepEqual(await sender.heard(1), ["one", "two"]);
  });

  for (const fault of UNCERTAIN) {
    for (const carriesOut of SPOILING.has(fault) ? [true] : [true, false]) {
      test(`a message meets ${fault}, ${carriesOut ? "after" : "before"} it is delivered: it is not repeated, and the sender knows`, async () => {
        await using sender = await Sender.start({ seed: 1 });
        sender.api.inject({ fault, on: SENDS, times: 1, carriesOut });
        const [first, second] = await Promise.allSettled([sender.say(1, "one"), sender.say(1, "two")]);
        assert.ok(first.status === "rejected" && saysUnknown(first.reason), String(first.status));
        assert.equal(second.status, "fulfilled");
        assert.deepEqual(await sender.heard(1), carriesOut ? ["one", "two"] : ["two"]);
      });
    }
  }
});

function saysUnknown(error: unknown): boolean {
  return (error instanceof TelegramError || error instanceof NetworkError) && error.delivery === "unknown";
}

describe("a call that may be repeated", parallel, () => {
  const calls: [string, { [name: string]: unknown }][] = [
    ["getChat", { chat_id: 1 }],
    ["setMyName", { name: "Bot" }],
    ["editMessageText", { chat_id: 1, message_id: 1, text: "other" }],
    ["answerCallbackQuery", { callback_query_id: "1" }],
  ];
  for (const fault of UNCERTAIN) {
    test(`a call that may be repeated is repeated after ${fault}`, async () => {
      await using sender = await Sender.start({ seed: 1 });
      const posted = (await sender.say(1, "first")) as { message_id: number };
      const query = { id: "1", from: { id: 1, is_bot: false, first_name: "User 1" }, chat_instance: "1", data: "x" };
      await sender.api.simulator.push({ callback_query: query });
      for (const [method, parameters] of calls) {
        sender.api.inject({ fault, times: 2, on: new RegExp(`^${method}$`), carriesOut: false });
        const own = method === "editMessageText" ? { ...parameters, message_id: posted.message_id } : parameters;
        await sender.call(method, own).catch((error) => {
          // A call that was carried out before may be refused now; it does no other harm.
          assert.ok(SPOILING.has(fault) && error instanceof TelegramError && error.error_code === 400, String(error));
        });
      }
    });
  }
});

test("under all faults, a chat's messages come once, in order, and every confirmed one comes", parallel, async () => {
  const chats = 8;
  await using sender = await Sender.start({ seed: 7, chats });
  for (const fault of [...UNCERTAIN, "slowDrip"] as FaultName[])
    sender.api.inject({ fault, on: SENDS, probability: 0.02 });
  const said = Array.from({ length: 40 * chats }, (_, i) => ({ chat: 1 + (i % chats), number: Math.floor(i / chats) }));
  const outcomes = await Promise.allSettled(said.map(({ chat, number }) => sender.say(chat, String(number))));
  assert.ok(outcomes.some(({ status }) => status === "rejected"));
  for (let chat = 1; chat <= chats; chat++) {
    const heard = (await sender.heard(chat)).map(Number);
    assert.deepEqual(
      heard,
      [...new Set(heard)].toSorted((a, b) => a - b),
      `chat ${chat}`,
    );
    for (const [i, { chat: other, number }] of said.entries()) {
      if (other === chat && outcomes[i]!.status === "fulfilled") assert.ok(heard.includes(number));
    }
  }
});

describe("429", parallel, () => {
  /** A simulator that refuses the first message to each of these chats. */
  const refusing = (chats: readonly number[], retry_after: number) => {
    const left = new Set(chats);
    return async ({ method, parameters }: IncomingCall, respond: () => Promise<Response>) =>
      method === "sendMessage" && left.delete(Number(parameters.chat_id))
        ? refuse(tooManyRequests(retry_after))
        : respond();
  };

  test("a 429 pauses that chat, for as long as Telegram says, and no other", async () => {
    const clock = new Clock();
    await using sender = await Sender.start({ seed: 1, clock, simulator: { intercept: refusing([1], 2) } });
    const first = ["one", "two", "three"].map((text) => sender.say(1, text));
    await Promise.all(["one", "two", "three"].map((text) => sender.say(2, text)));
    await paused(clock, 1);
    assert.deepEqual(clock.waits, [2000]);
    clock.advance(1999);
    assert.deepEqual(await sender.heard(1), []);
    clock.advance(1);
    await Promise.all(first);
    assert.deepEqual(await sender.heard(1), ["one", "two", "three"]);
  });

  test("429s for many chats at once pause these, and no other; afterwards calls go out one after another", async () => {
    const clock = new Clock();
    const crowd = Array.from({ length: 12 }, (_, i) => i + 1);
    await using sender = await Sender.start({
      seed: 1,
      chats: 14,
      clock,
      simulator: { intercept: refusing(crowd, 1) },
    });
    const refused = crowd.map((chat) => sender.say(chat, "hello"));
    await paused(clock, crowd.length);
    await Promise.all([13, 14].map((chat) => sender.say(chat, "hello")));
    clock.advance(999);
    for (const chat of crowd) assert.deepEqual(await sender.heard(chat), []);
    // Most answers were refusals. One call goes, and the others wait behind it.
    clock.advance(1);
    assert.equal(clock.waits.length, 1);
    clock.advance(1000);
    await Promise.all(refused);
    for (const chat of [...crowd, 13, 14]) assert.deepEqual(await sender.heard(chat), ["hello"]);
  });
});

/** Resolves when so many calls are paused. */
async function paused(clock: Clock, count: number): Promise<void> {
  await eventually(
    () => clock.waits.length === count,
    () => `${clock.waits.length} of ${count} calls are paused`,
  );
}

test("messages to a group that has become a supergroup arrive there, all and in order", parallel, async () => {
  await using sender = await Sender.start({ seed: 1 });
  const ann = await sender.api.simulator.user("ann");
  const group = await sender.api.simulator.group("The group", "group");
  await sender.say(group.id, "before");
  const upgraded = await group.upgrade(ann);
  await Promise.all(["one", "two", "three"].map((text) => sender.say(group.id, text)));
  assert.deepEqual((await sender.heard(upgraded.id)).slice(-3), ["one", "two", "three"]);
});

test("a message to a user who has blocked the bot is a 403 at once, and holds up no later one", parallel, async () => {
  await using sender = await Sender.start({ seed: 1 });
  const ann = await sender.api.simulator.user("ann");
  await ann.sendText("hello");
  await ann.block();
  await assert.rejects(
    sender.say(ann.id, "one"),
    (error) => error instanceof TelegramError && error.error_code === 403,
  );
  await ann.unblock();
  await sender.say(ann.id, "two");
  assert.deepEqual(await sender.heard(ann.id), ["two"]);
});
