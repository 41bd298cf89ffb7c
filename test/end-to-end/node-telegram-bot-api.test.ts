/** Files of bots for node-telegram-bot-api, 0.66 and 2, unchanged, under the real command line. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { callsOf, nextMessage } from "./bot.ts";
import { ask, startProgramHere } from "./program.ts";

describe("a bot for node-telegram-bot-api 2", () => {
  test("is served by its file: commands, keyboards, errors of calls, uploads, timers, dead letters, bot.catch()", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgramHere("node-telegram-bot-api.ts", simulator);
    const serving = await bot.logged(({ msg }) => msg === "serving");
    assert.match(String(serving.library), /^node-telegram-bot-api 2\.\d+\.\d+$/);
    assert.equal(serving.started, "bot.startPolling()");
    const ann = await simulator.user("ann");
    assert.equal(await ask(ann, "/start"), "Hello!");
    await ann.press("Press me");
    assert.equal((await callsOf(simulator, "editMessageText", 1))[0]?.text, "You pressed it.");
    for (const count of [1, 2, 3]) assert.equal(await ask(ann, "/count"), `count ${count}`);
    assert.match((await ask(ann, "/refused")) ?? "", /Bad Request: chat not found/);
    assert.equal(await ask(ann, "/later"), "from a timer");
    await ann.sendText("/file");
    const { document } = await nextMessage(ann);
    assert.deepEqual([document?.file_name, document?.file_size], ["three.txt", 5]);
    await ann.sendText("/throw");
    const { error = "" } = await bot.logged(({ msg }) => /is now a dead letter/.test(msg));
    assert.match(error, /^Error: no luck\n/);
    assert.equal(await ask(ann, "on"), "You said: on");
    assert.equal((await bot.end()).code, 0);
    await using other = await startProgramHere("node-telegram-bot-api.ts", simulator, { env: { CATCHES: "yes" } });
    assert.equal(await ask(ann, "/throw"), "caught: Error: no luck");
    assert.equal((await other.end()).code, 0);
  });
});

describe("a bot for node-telegram-bot-api 0.66", () => {
  test("is served by its file: commands, keyboards, errors of calls, uploads, timers, dead letters, a listener that waits", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgramHere("node-telegram-bot-api-0.cjs", simulator);
    const serving = await bot.logged(({ msg }) => msg === "serving");
    assert.equal(serving.library, "node-telegram-bot-api 0.66.0");
    assert.equal(serving.started, "polling: true");
    const ann = await simulator.user("ann");
    assert.equal(await ask(ann, "/start"), "Hello!");
    await ann.press("Press me");
    assert.equal((await callsOf(simulator, "editMessageText", 1))[0]?.text, "You pressed it.");
    for (const count of [1, 2, 3]) assert.equal(await ask(ann, "/count"), `count ${count}`);
    assert.equal(await ask(ann, "/refused"), "ETELEGRAM: 400 Bad Request: chat not found");
    assert.equal(await ask(ann, "/later"), "from a timer");
    await ann.sendText("/photo");
    const [{ photo, caption }, { document }] = [await nextMessage(ann), await nextMessage(ann)];
    assert.notEqual(photo, undefined);
    assert.equal(caption, "a dot");
    assert.equal(document?.file_name, "node-telegram-bot-api-0.cjs");
    assert.equal(await ask(ann, "/ask"), "What?");
    assert.equal(await ask(ann, "the tea"), "That: the tea");
    await ann.sendText("/throw");
    const { error = "" } = await bot.logged(({ msg }) => /is now a dead letter/.test(msg));
    assert.match(error, /^Error: no luck\n/);
    assert.equal(await ask(ann, "echo on"), "You said: on");
    assert.equal((await bot.end()).code, 0);
  });
});
