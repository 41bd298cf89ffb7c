/** A Telegraf bot's file, unchanged, under the real command line. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { refuse, Simulator, tooManyRequests } from "../../simulator/index.ts";
import { type BotHere, callsOf, nextMessage, nextText } from "./bot.ts";
import { ask, startProgramHere } from "./program.ts";

describe("a Telegraf bot", () => {
  let simulator: Simulator;
  let bot: BotHere;

  before(async () => {
    simulator = await Simulator.start();
    bot = await startProgramHere("telegraf.ts", simulator, { args: ["--no-inbox", "--urgent", "/stop"] });
  });

  after(async () => {
    assert.equal((await bot.end()).code, 0);
    assert.doesNotMatch(bot.process.stderr, /Unhandled error|ends the worker/);
    await simulator.close();
  });

  test("is served by its file: commands, keyboards, sessions, scenes, inline queries, errors of calls, timers", async () => {
    const serving = await bot.logged(({ msg }) => msg === "serving");
    assert.match(String(serving.library), /^Telegraf 4\.\d+\.\d+$/);
    assert.equal(serving.started, "bot.launch()");
    assert.equal(serving.workers, 1);
    assert.equal(serving.updates, "message,callback_query,inline_query");

    const ann = await simulator.user("ann");
    await ann.sendText("/start");
    const hello = await nextMessage(ann);
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
  });

  test("sends replies that it does not wait for in their order, before the chat's next event", async () => {
    const ben = await simulator.user("ben");
    await ben.sendText("/both");
    await ben.sendText("next");
    const texts = [await nextText(ben), await nextText(ben), await nextText(ben), await nextText(ben)];
    assert.deepEqual(texts, ["first", "second", "third", "You said: next"]);
  });

  test("uploads a Buffer twice, an album, a path and a stream", async () => {
    const cay = await simulator.user("cay");
    await cay.sendText("/photo");
    const photos = [await nextMessage(cay), await nextMessage(cay)];
    assert.deepEqual(
      photos.map(({ photo, caption }) => [photo !== undefined, caption]),
      [
        [true, "a dot"],
        [true, "again, of 10 bytes"],
      ],
    );
    await cay.sendText("/album");
    const album = [await nextMessage(cay), await nextMessage(cay)];
    assert.deepEqual(
      album.map(({ document, caption }) => [document?.file_name, document?.file_size, caption]),
      [
        ["one.txt", 3, undefined],
        ["two.txt", 3, "two"],
      ],
    );
    await cay.sendText("/path");
    assert.equal((await nextMessage(cay)).document?.file_name, "telegraf.ts");
    await cay.sendText("/stream");
    const { document, caption } = await nextMessage(cay);
    assert.deepEqual([document?.file_name, document?.file_size, caption], ["five.txt", 5, "five bytes"]);
  });

  test("uploads streams of any kind and what is at a URL again after a 429", async () => {
    await using server = createServer((_, response) => response.end("at a URL")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const limited = new Set<unknown>();
    await using simulator = await Simulator.start({
      async intercept({ parameters: { caption } }, respond) {
        if (caption === undefined || limited.has(caption)) return await respond();
        limited.add(caption);
        return refuse(tooManyRequests(1));
      },
    });
    await using bot = await startProgramHere("telegraf.ts", simulator);
    const fay = await simulator.user("fay");
    for (const [text, name, size] of [
      ["/texts", "text.txt", 4],
      ["/old", "old.txt", 3],
      [`/url http://127.0.0.1:${port}/`, "url.txt", 8],
    ] as const) {
      await fay.sendText(text);
      const { document } = await nextMessage(fay);
      assert.deepEqual([document?.file_name, document?.file_size], [name, size]);
    }
    assert.deepEqual([...limited], ["texts", "old", "by url"]);
    assert.equal((await bot.end()).code, 0);
  });

  test("makes a dead letter of an event whose handler throws, and goes on", async () => {
    const dan = await simulator.user("dan");
    await dan.sendText("/throw");
    const { error = "" } = await bot.logged(({ msg }) => /is now a dead letter/.test(msg));
    assert.match(error, /^Error: no luck\n/);
    assert.equal(await ask(dan, "on"), "You said: on");
  });

  test("hears an urgent command while its handler for an earlier message of the chat runs", async () => {
    const eve = await simulator.user("eve");
    assert.equal(await ask(eve, "/wait"), "waiting");
    await eve.sendText("after");
    assert.equal(await ask(eve, "/stop"), "stopping");
    assert.deepEqual([await nextText(eve), await nextText(eve)], ["done", "You said: after"]);
  });

  test("with --line member has a handler that waits for another member of its group", async () => {
    await using simulator = await Simulator.start();
    const args = ["--no-inbox", "--line", "member"];
    await using bot = await startProgramHere("telegraf.ts", simulator, { args });
    const [ann, ben] = [await simulator.user("ann"), await simulator.user("ben")];
    const group = await simulator.group("Town", { owner: ann });
    await group.addBot(ann);
    await ben.join(group);
    const say = async (person: typeof ann, text: string) => void (await person.sendText(text, { chat: group }));
    const texts = async (count: number) => (await callsOf(simulator, "sendMessage", count)).map(({ text }) => text);
    await say(ann, "/wait");
    await say(ann, "/limit");
    assert.deepEqual(await texts(1), ["waiting"]);
    await say(ben, "/stop");
    assert.deepEqual(await texts(4), ["waiting", "stopping", "done", "Infinity ms"]);
    assert.equal((await bot.end()).code, 0);
  });

  test("handles its errors by bot.catch(), and keeps a time limit of its own", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgramHere("telegraf.ts", simulator, { env: { CATCHES: "yes", LIMIT: "5000" } });
    const ann = await simulator.user("ann");
    assert.equal(await ask(ann, "/limit"), "5000 ms");
    assert.equal(await ask(ann, "/throw"), "caught: Error: no luck");
    assert.equal((await bot.end()).code, 0);
    assert.doesNotMatch(bot.process.stderr, /dead letter/);
  });

  test("is served with Telegraf 3, from CommonJS", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgramHere("telegraf-3.cjs", simulator);
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
    assert.equal((await nextMessage(ann)).document?.file_size, 5);
    await ann.sendText("/throw");
    const { error = "" } = await bot.logged(({ msg }) => /is now a dead letter/.test(msg));
    assert.match(error, /^Error: no luck\n/);
    assert.equal(await ask(ann, "on"), "You said: on");
    assert.equal((await bot.end()).code, 0);
  });
});
