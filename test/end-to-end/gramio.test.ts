/** A GramIO bot's file, unchanged, under the real command line. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { BotHere, callsOf, nextMessage } from "./bot.ts";
import { ask, startProgramHere } from "./program.ts";

describe("a GramIO bot", () => {
  test("is served by its file: commands, keyboards, errors of calls, uploads, timers, dead letters", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgramHere("gramio.ts", simulator);
    const serving = await bot.logged(({ msg }) => msg === "serving");
    assert.match(String(serving.library), /^GramIO 0\.\d+\.\d+$/);
    assert.equal(serving.started, "bot.start()");
    const ann = await simulator.user("ann");
    assert.match((await ask(ann, "/start")) ?? "", /^Hello, .+!$/);
    await ann.press("Press me");
    assert.equal((await callsOf(simulator, "editMessageText", 1))[0]?.text, "You pressed it.");
    for (const count of [1, 2, 3]) assert.equal(await ask(ann, "/count"), `count ${count}`);
    assert.equal(await ask(ann, "/refused"), "sendMessage: 400 Bad Request: chat not found");
    assert.equal(await ask(ann, "/later"), "from a timer");
    await ann.sendText("/photo");
    const { photo, caption } = await nextMessage(ann);
    assert.notEqual(photo, undefined);
    assert.equal(caption, "a dot");
    await ann.sendText("/throw");
    const { error = "" } = await bot.logged(({ msg }) => /is now a dead letter/.test(msg));
    assert.match(error, /^Error: no luck\n/);
    assert.equal(await ask(ann, "on"), "You said: on");
    assert.equal((await bot.end()).code, 0);
  });

  test("that its file exports is served, by whatever method it has its handlers", async () => {
    for (const [name, answer] of [
      ["bot", "You said: on"],
      ["other", "You wrote: on"],
    ]) {
      await using simulator = await Simulator.start();
      const env = { ASGIGRAM_TOKEN: "", BOT_TOKEN: simulator.token };
      await using bot = new BotHere(`programs/gramio-export.ts:${name}`, simulator, ["--no-inbox"], { env });
      await bot.logged(({ msg }) => msg === "serving");
      assert.equal(await ask(await simulator.user("ann"), "on"), answer);
      assert.equal((await bot.end()).code, 0);
    }
  });

  test("handles its errors by bot.onError()", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgramHere("gramio.ts", simulator, { env: { CATCHES: "yes" } });
    assert.equal(await ask(await simulator.user("ann"), "/throw"), "caught: Error: no luck");
    assert.equal((await bot.end()).code, 0);
    assert.doesNotMatch(bot.process.stderr, /dead letter/);
  });
});
