/** Programs that make calls before their bot has a handler. grammy-ways.test.ts has the other ways in which programs start. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { nextText } from "./bot.ts";
import { ask, startProgramHere } from "./program.ts";

describe("a program that makes a call before its bot has a handler", () => {
  for (const program of ["telegraf-webhook.ts", "grammy-webhook-first.cjs", "node-telegram-bot-api-webhook.cjs"]) {
    test(`is served with all of its handlers if that call sets its webhook: ${program}`, async () => {
      await using simulator = await Simulator.start();
      const ann = await simulator.user("ann");
      // It is there before the program has started.
      await ann.sendText("early");
      await using bot = await startProgramHere(program, simulator);
      const { started } = await bot.logged(({ msg }) => msg === "serving");
      assert.equal(started, "setWebhook()");
      assert.equal(await nextText(ann), "You said: early");
      assert.equal(await ask(ann, "on"), "You said: on");
      assert.equal((await bot.end()).code, 0);
    });
  }

  test("is served if that call is another bot's, and Telegram gets the call", async () => {
    await using simulator = await Simulator.start();
    const env = { OTHER: `77:${"A".repeat(35)}`, API: simulator.url, ASGIGRAM_TOKEN: simulator.token };
    await using bot = await startProgramHere("log-bot-first.ts", simulator, { env });
    assert.equal(await ask(await simulator.user("ann"), "on"), "The owner's bot: 401 Unauthorized");
    assert.equal((await bot.end()).code, 0);
  });
});
