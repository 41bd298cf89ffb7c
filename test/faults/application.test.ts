import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { message } from "../end-to-end/bot.ts";
import { eventually } from "../eventually.ts";
import { FaultyBot } from "./bot.ts";
import type { FaultName } from "./faults.ts";

const ON_MESSAGES = /^sendMessage$/;

/** What the application has said of what came of its messages. */
function outcomes(bot: FaultyBot): unknown[] {
  const calls = bot.api.simulator.calls.filter(({ method }) => method === "setMyDescription");
  return calls.map(({ parameters }) => parameters.description);
}

describe("an application hears what came of its message", { concurrency: true }, () => {
  const expected: [FaultName | "refused", string][] = [
    ["reset", "NetworkError unknown"],
    ["truncated", "NetworkError unknown"],
    ["htmlPage", "NetworkError unknown"],
    ["internalError", "TelegramError 500"],
    ["tooMany", "heard"],
    ["slowDrip", "heard"],
  ];
  for (const [fault, outcome] of expected) {
    test(`${fault}: ${outcome}`, async () => {
      await using bot = await FaultyBot.start("outcomes", { seed: 1 });
      bot.api.inject({ fault, on: ON_MESSAGES, times: 1 });
      await bot.api.simulator.push(message(1, "hello"));
      await eventually(() => outcomes(bot).length === 1);
      assert.deepEqual(outcomes(bot), [`hello: ${outcome}`]);
    });
  }
});

describe("a message whose sender is gone is delivered if it was handed over", { concurrency: true }, () => {
  /** Long enough for the sender to be gone before it has its answer. */
  const late = async ({ good, response }: { good(): Promise<string>; response: { end(text: string): unknown } }) => {
    await delay(300);
    response.end(await good());
  };

  test("the instance has returned", async () => {
    await using bot = await FaultyBot.start("outcomes", { seed: 1 });
    bot.api.inject({ fault: late, on: ON_MESSAGES });
    await bot.api.simulator.pushMany([message(1, "say and leave"), message(1, "again")]);
    await eventually(() => outcomes(bot).length === 1);
    assert.deepEqual(bot.heard(1), ["say and leave", "again"]);
  });

  test("the worker has died: then the event comes again as well, behind it", async () => {
    await using bot = await FaultyBot.start("outcomes", { seed: 1 });
    bot.api.inject({ fault: late, on: ON_MESSAGES });
    await bot.api.simulator.pushMany([message(1, "say and die"), message(1, "again")]);
    await eventually(() => outcomes(bot).length === 2);
    assert.deepEqual(bot.heard(1), ["say and die", "say and die", "again"]);
    assert.deepEqual(outcomes(bot), ["say and die: heard", "again: heard"]);
  });
});
