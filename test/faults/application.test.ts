import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { message } from "../end-to-end/bot.ts";
import { eventually } from "../eventually.ts";
import { FaultyBot } from "./bot.ts";
import type { Fault, FaultName } from "./faults.ts";

const ON_MESSAGES = /^sendMessage$/;

/** The outcomes of its messages that the application has reported. */
function outcomes(bot: FaultyBot): unknown[] {
  const calls = bot.api.simulator.calls.filter(({ method }) => method === "setMyDescription");
  return calls.map(({ parameters }) => parameters.description);
}

/** Resolves when so many outcomes are reported. */
async function reported(bot: FaultyBot, count: number): Promise<void> {
  await eventually(
    () => outcomes(bot).length === count,
    () => `${count} outcomes wanted, reported are ${outcomes(bot)}; chat 1 heard ${bot.heard(1)}`,
  );
}

describe("the outcome of a message", { concurrency: true }, () => {
  const expected: [FaultName | "refused", string][] = [
    ["reset", "NetworkError unknown"],
    ["truncated", "NetworkError unknown"],
    ["htmlPage", "NetworkError unknown"],
    ["internalError", "TelegramError 500"],
    ["tooMany", "heard"],
    ["slowDrip", "heard"],
  ];
  for (const [fault, outcome] of expected) {
    test(`an application is told of ${fault}: ${outcome}`, async () => {
      await using bot = await FaultyBot.start("outcomes", { seed: 1 });
      bot.api.inject({ fault, on: ON_MESSAGES, times: 1 });
      await bot.api.simulator.push(message(1, "hello"));
      await reported(bot, 1);
      assert.deepEqual(outcomes(bot), [`hello: ${outcome}`]);
    });
  }
});

describe("a message of an instance that has ended", { concurrency: true }, () => {
  /** Answers late: the sender has ended by then. */
  const late: Fault = async ({ good, response }) => {
    await delay(300);
    response.end(await good());
  };

  test("a message is delivered although its instance has returned", async () => {
    await using bot = await FaultyBot.start("outcomes", { seed: 1 });
    bot.api.inject({ fault: late, on: ON_MESSAGES });
    await bot.api.simulator.pushMany([message(1, "say and leave"), message(1, "again")]);
    await reported(bot, 1);
    assert.deepEqual(bot.heard(1), ["say and leave", "again"]);
  });

  test("a message is delivered once although its worker has died: the call of the next delivery joins it", async () => {
    await using bot = await FaultyBot.start("outcomes", { seed: 1 });
    const saidAgain = () => bot.api.visits(/^setMyShortDescription$/).length > 0;
    const whenSaidAgain: Fault = async ({ good, response }) => {
      await eventually(saidAgain, () => bot.api.visits(ON_MESSAGES));
      response.end(await good());
    };
    bot.api.inject({ fault: whenSaidAgain, on: ON_MESSAGES });
    await bot.api.simulator.pushMany([message(1, "say and die"), message(1, "again")]);
    await reported(bot, 2);
    assert.deepEqual(bot.heard(1), ["say and die", "again"]);
    assert.deepEqual(outcomes(bot), ["say and die: heard", "again: heard"]);
  });
});
