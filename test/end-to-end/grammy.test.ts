/** A grammY bot's file, unchanged, under the real command line. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { run } from "../cli/asgigram.ts";
import { Folder } from "../folder.ts";
import { BotHere, callsOf, message, nextMessage, nextText } from "./bot.ts";
import { startProgram, startProgramHere } from "./program.ts";

const textsOf = async (simulator: Simulator, count: number) =>
  (await callsOf(simulator, "sendMessage", count)).map(({ text }) => text);

describe("a grammY bot", () => {
  test("is served by its file: commands, keyboards, a session, errors of calls, and calls at its start", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgram("grammy.ts", simulator);
    const serving = await bot.logged(({ msg }) => msg === "serving");
    assert.match(String(serving.library), /^grammY 1\.\d+\.\d+$/);
    assert.equal(serving.started, "bot.start()");
    assert.equal(serving.updates, "Telegram's default");
    assert.equal(serving.workers, 1);
    assert.equal((await callsOf(simulator, "setMyCommands", 1)).length, 1);

    const ann = await simulator.user("ann");
    await ann.sendText("/start");
    const hello = await nextMessage(ann);
    assert.match(hello.text ?? "", /^Hello, .+! I am @simulated_bot\.$/);
    assert.equal(hello.entities?.[0]?.type, "bold");
    await ann.press("Press me");
    const [edit] = await callsOf(simulator, "editMessageText", 1);
    assert.equal(edit?.text, "You pressed it.");

    for (const count of [1, 2, 3]) {
      await ann.sendText("/count");
      assert.equal(await nextText(ann), `count ${count}`);
    }
    await ann.sendText("/refused");
    assert.equal(await nextText(ann), "sendMessage: 400 Bad Request: chat not found");
    await ann.sendText("/token");
    assert.equal(await nextText(ann), "asgigram-keeps-the-token-----------");
    assert.equal((await bot.end()).code, 0);
  });

  test("sends replies that it does not wait for in their order, before the chat's next event", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgramHere("grammy.ts", simulator);
    const ann = await simulator.user("ann");
    await ann.sendText("/both");
    await ann.sendText("next");
    assert.deepEqual(await textsOf(simulator, 4), ["first", "second", "third", "You said: next"]);
    assert.equal((await bot.end()).code, 0);
  });

  test("uploads files", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgramHere("grammy.ts", simulator);
    const ann = await simulator.user("ann");
    await ann.sendText("/photo");
    const { photo, caption } = await nextMessage(ann);
    assert.notEqual(photo, undefined);
    assert.equal(caption, "a dot");
    await ann.sendText("/album");
    const album = [await nextMessage(ann), await nextMessage(ann)];
    assert.deepEqual(
      album.map(({ document, caption }) => [document?.file_name, document?.file_size, caption]),
      [
        ["one.txt", 3, undefined],
        ["two.txt", 3, "two"],
      ],
    );
    assert.equal((await bot.end()).code, 0);
  });

  test("makes a dead letter of an event whose handler throws, survives a rejection that it left behind, and goes on", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgramHere("grammy.ts", simulator);
    const ann = await simulator.user("ann");
    await ann.sendText("/throw");
    const { error = "" } = await bot.logged(({ msg }) => /is now a dead letter/.test(msg));
    assert.match(error, /^Error: no luck\n/);
    await ann.sendText("/left");
    await bot.logged(({ error = "" }) => error.startsWith("Error: left behind"));
    await ann.sendText("on");
    assert.equal(await nextText(ann), "You said: on");
    assert.equal((await bot.end()).code, 0);
    assert.doesNotMatch(bot.process.stderr, /ends the worker/);
  });

  test("with --retry gets an update whose handler throws again, before its chat's next one", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgramHere("grammy.ts", simulator, { args: ["--no-inbox", "--retry", "1"] });
    const ann = await simulator.user("ann");
    await ann.sendText("/once");
    await ann.sendText("next");
    assert.deepEqual(await textsOf(simulator, 2), ["now", "You said: next"]);
    const { error = "" } = await bot.logged(({ msg }) => /the event is tried again in 0\.1 s$/.test(msg));
    assert.match(error, /^Error: not yet\n/);
    assert.equal((await bot.end()).code, 0);
    assert.doesNotMatch(bot.process.stderr, /dead letter/);
  });

  test("gets the Update as Telegram sent it: its id first, and keys that nobody knows", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgramHere("grammy.ts", simulator);
    const { message: said } = message(1, "/update");
    const update = {
      message: { ...said, entities: [{ type: "bot_command", offset: 0, length: 7 }], unknown: [null, 1.5] },
    };
    const update_id = await simulator.push(update);
    assert.deepEqual(await textsOf(simulator, 1), [JSON.stringify({ update_id, ...update })]);
    assert.equal((await bot.end()).code, 0);
  });

  test("handles its errors by bot.catch()", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgramHere("grammy.ts", simulator, { env: { CATCHES: "yes" } });
    const ann = await simulator.user("ann");
    await ann.sendText("/throw");
    assert.equal(await nextText(ann), "caught: Error: no luck");
    assert.equal((await bot.end()).code, 0);
    assert.doesNotMatch(bot.process.stderr, /dead letter/);
  });

  test("talks in the terminal without a token", async () => {
    const cwd = import.meta.dirname;
    const { code, stdout, stderr } = await run(["simulate", "programs/grammy.ts"], { cwd, stdin: "hello\n" });
    assert.match(stdout, /You said: hello/);
    assert.equal(code, 0, stderr);
  });

  test("talks in the simulator with a token in its code, and nothing goes to Telegram", async () => {
    using folder = new Folder();
    folder.write(
      "bot.mts",
      `import { Api, Bot } from ${JSON.stringify(import.meta.resolve("grammy"))};
      const bot = new Bot("77:${"A".repeat(35)}");
      await bot.api.setMyCommands([]);
      bot.on("message:text", async (ctx) => {
        const { username } = await new Api("88:${"B".repeat(35)}").getMe();
        await ctx.reply(username + ": " + ctx.msg.text);
      });
      await bot.start();`,
    );
    const { code, stdout, stderr } = await run(["simulate", "bot.mts"], { cwd: folder.path, stdin: "hello\n" });
    assert.match(stdout, /simulated_bot: hello/);
    assert.equal(code, 0, stderr);
  });

  test("is not served with another bot's token", async () => {
    await using simulator = await Simulator.start();
    const env = { BOT_TOKEN: `77:${"A".repeat(35)}` };
    await using bot = new BotHere("programs/grammy-awaited.ts", simulator, ["--no-inbox"], { env });
    const { code, stderr } = await bot.process.exit();
    assert.match(
      stderr,
      /^asgigram: its code holds a token of bot 77, but asgigram serves bot 4839574812: give asgigram the token of bot 77, by --token-file\n$/m,
    );
    assert.doesNotMatch(stderr, /stand-in/);
    assert.equal(code, 3);
  });
});
