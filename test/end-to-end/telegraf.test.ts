/** A Telegraf bot's file, unchanged, under the real command line. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { run } from "../cli/asgigram.ts";
import { callsOf, nextText } from "./bot.ts";
import { ask, startProgram } from "./program.ts";

describe("a Telegraf bot", () => {
  test("is served by its file: commands, keyboards, sessions, scenes, inline queries, errors of calls, timers", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgram("telegraf.ts", simulator);
    const serving = await bot.logged(({ msg }) => msg === "serving");
    assert.match(String(serving.library), /^Telegraf 4\.\d+\.\d+$/);
    assert.equal(serving.started, "bot.launch()");
    assert.equal(serving.workers, 1);
    assert.equal(serving.updates, "message,callback_query,inline_query");

    const ann = await simulator.user("ann");
    await ann.sendText("/start");
    const hello = await ann.nextMessage();
    assert.match(hello.text ?? "", /^Hello, .+! I am @simulated_bot\.$/);
    assert.equal(hello.entities?.[0]?.type, "bold");
    await ann.press("Press me");
    const [edit] = await callsOf(simulator, "editMessageText", 1);
    assert.equal(edit?.text, "You pressed it.");

    for (const count of [1, 2, 3]) assert.equal(await ask(ann, "/count"), `count ${count}`);
    assert.equal(await ask(ann, "/order"), "What do you drink?");
    assert.equal(await ask(ann, "tea"), "One tea.");
    assert.equal(await ask(ann, "tea"), "You said: tea");
    assert.equal(await ask(ann, "/refused"), "sendMessage: 400: Bad Request: chat not found");
    assert.equal(await ask(ann, "/later"), "from a timer");
    assert.equal(await ask(ann, "/limit"), "Infinity ms");
    const { results } = await (await ann.inlineQuery("cats")).answered();
    assert.equal(results.length, 1);
    assert.equal((await bot.end()).code, 0);
  });

  test("sends replies that it does not wait for in their order, before the chat's next event", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgram("telegraf.ts", simulator);
    const ann = await simulator.user("ann");
    await ann.sendText("/both");
    await ann.sendText("next");
    const texts = (await callsOf(simulator, "sendMessage", 4)).map(({ text }) => text);
    assert.deepEqual(texts, ["first", "second", "third", "You said: next"]);
    assert.equal((await bot.end()).code, 0);
  });

  test("uploads a Buffer twice, an album, a path and a stream", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgram("telegraf.ts", simulator);
    const ann = await simulator.user("ann");
    await ann.sendText("/photo");
    const photos = [await ann.nextMessage(), await ann.nextMessage()];
    assert.deepEqual(
      photos.map(({ photo, caption }) => [photo?.length !== 0, caption]),
      [
        [true, "a dot"],
        [true, "again, of 6 bytes"],
      ],
    );
    await ann.sendText("/album");
    const album = [await ann.nextMessage(), await ann.nextMessage()];
    assert.deepEqual(
      album.map(({ document, caption }) => [document?.file_name, document?.file_size, caption]),
      [
        ["one.txt", 3, undefined],
        ["two.txt", 3, "two"],
      ],
    );
    await ann.sendText("/path");
    assert.equal((await ann.nextMessage()).document?.file_name, "telegraf.ts");
    await ann.sendText("/stream");
    const { document, caption } = await ann.nextMessage();
    assert.deepEqual([document?.file_name, document?.file_size, caption], ["five.txt", 5, "five bytes"]);
    assert.equal((await bot.end()).code, 0);
  });

  test("makes a dead letter of an event whose handler throws, and goes on", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgram("telegraf.ts", simulator);
    const ann = await simulator.user("ann");
    await ann.sendText("/throw");
    const { error = "" } = await bot.logged(({ msg }) => /is now a dead letter/.test(msg));
    assert.match(error, /^Error: no luck\n/);
    assert.equal(await ask(ann, "on"), "You said: on");
    assert.equal((await bot.end()).code, 0);
    assert.doesNotMatch(bot.process.stderr, /Unhandled error|ends the worker/);
  });

  test("handles its errors by bot.catch(), and keeps a time limit of its own", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgram("telegraf.ts", simulator, { env: { CATCHES: "yes", LIMIT: "5000" } });
    const ann = await simulator.user("ann");
    assert.equal(await ask(ann, "/limit"), "5000 ms");
    assert.equal(await ask(ann, "/throw"), "caught: Error: no luck");
    assert.equal((await bot.end()).code, 0);
    assert.doesNotMatch(bot.process.stderr, /dead letter/);
  });

  test("hears an urgent command while its handler for an earlier message of the chat runs", async () => {
    await using simulator = await Simulator.start();
    const args = ["--no-inbox", "--urgent", "/stop"];
    await using bot = await startProgram("telegraf.ts", simulator, { args });
    const ann = await simulator.user("ann");
    assert.equal(await ask(ann, "/wait"), "waiting");
    await ann.sendText("after");
    assert.equal(await ask(ann, "/stop"), "stopping");
    assert.deepEqual([await nextText(ann), await nextText(ann)], ["done", "You said: after"]);
    assert.equal((await bot.end()).code, 0);
  });

  test("talks in the terminal without a token", async () => {
    const cwd = import.meta.dirname;
    const { code, stdout, stderr } = await run(["simulate", "programs/telegraf.ts"], { cwd, stdin: "hello\n" });
    assert.match(stdout, /You said: hello/);
    assert.equal(code, 0, stderr);
  });

  test("is served with Telegraf 3, from CommonJS", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgram("telegraf-3.cjs", simulator);
    const serving = await bot.logged(({ msg }) => msg === "serving");
    assert.match(String(serving.library), /^Telegraf 3\.\d+\.\d+$/);
    assert.equal(serving.started, "bot.launch()");
    const ann = await simulator.user("ann");
    assert.equal(await ask(ann, "/start"), "Hello from simulated_bot");
    await ann.press("Press me");
    await callsOf(simulator, "editMessageText", 1);
    for (const count of [1, 2]) assert.equal(await ask(ann, "/count"), `count ${count}`);
    assert.equal(await ask(ann, "/refused"), "sendMessage: 400");
    await ann.sendText("/file");
    assert.equal((await ann.nextMessage()).document?.file_size, 5);
    await ann.sendText("/throw");
    const { error = "" } = await bot.logged(({ msg }) => /is now a dead letter/.test(msg));
    assert.match(error, /^Error: no luck\n/);
    assert.equal(await ask(ann, "on"), "You said: on");
    assert.equal((await bot.end()).code, 0);
  });
});
