/** Gains of a grammY or a Telegraf bot in its handlers: delivery(), offload(), shared(), onDeadLetter(), RetryLater. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import { callsOf, nextText, until } from "./bot.ts";
import { ask, startProgram, startProgramHere } from "./program.ts";

for (const program of ["grammy", "telegraf"]) {
  describe(`a bot on ${program} that offloads`, () => {
    const file = `offload/${program}.ts`;

    test("answers other messages during a job, hears /cancel, and is given the message again after kill -9", async () => {
      using folder = new Folder();
      const args = ["--inbox", folder.join("inbox.sqlite")];
      await using simulator = await Simulator.start();
      const ann = await simulator.user("ann");
      await using killed = await startProgram(file, simulator, { args });
      assert.equal(await ask(ann, "/render none"), "rendering none");
      assert.equal(await ask(ann, "/ping"), "pong");
      assert.equal(await ask(ann, "/cancel"), "cancelled");
      assert.equal(await ask(ann, "/later"), "attempt 2, after the first");
      await callsOf(simulator, "sendChatAction", 1);
      assert.equal(await ask(ann, "/wait"), "Error: enough");
      assert.equal(await ask(ann, "/throw"), "Sorry: no luck");
      assert.equal(killed.process.stderr.match(/is now a dead letter/g)?.length, 1);

      assert.equal(await ask(ann, "/render one"), "rendering one");
      // The answer is recorded when a later message is.
      for (const _ of [1, 2]) assert.equal(await ask(ann, "/ping"), "pong");
      await killed.end("SIGKILL");
      await using bot = await startProgramHere(file, simulator, { args });
      // Not of "none" again: it was cancelled.
      const texts = () =>
        simulator.calls.map(({ parameters }) => parameters.text).filter((text) => /ing one|^n?one/.test(`${text}`));
      await until(simulator, () => texts().length > 1);
      assert.deepEqual(texts(), ["rendering one", "one: loaded once, in attempt 2"]);
      assert.equal((await bot.end()).code, 0);
    });
  });
}

describe("a bot with one heavy thread", () => {
  test("has it again when the event of a generator that it reads in part is over, and of one that is kept not before", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgramHere("offload/one-thread.ts", simulator);
    const ann = await simulator.user("ann");
    for (const _ of [1, 2]) assert.equal(await ask(ann, "/page"), "page 1");
    assert.equal(await ask(ann, "/keep"), "page 1");
    assert.equal(await ask(ann, "/next"), "page 2");
    assert.equal(await ask(ann, "/page"), "page 1");
    assert.equal((await bot.end()).code, 0);
  });

  test("sends nothing for a handler beyond its time limit", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startProgramHere("offload/one-thread.ts", simulator);
    const ann = await simulator.user("ann");
    for (const text of ["/stick", "/free"]) await ann.sendText(text);
    assert.equal(await ask(ann, "/page"), "page 1");
    assert.match(bot.process.stderr, /the event took longer than 0\.001 s/);
    assert.equal((await bot.end()).code, 0);
    assert.deepEqual(
      simulator.calls.map(({ parameters }) => parameters.text).filter((text) => text === "too late"),
      [],
    );
  });

  test("settles an event whose job was told of a reload and finished: the message is answered once", async () => {
    using folder = new Folder();
    const notes = () => (existsSync(folder.join("notes")) ? readFileSync(folder.join("notes"), "utf8") : "");
    await using simulator = await Simulator.start();
    const args = ["--inbox", folder.join("inbox.sqlite"), "--shutdown-timeout", "120"];
    const env = { FOLDER: folder.path };
    await using bot = await startProgramHere("offload/one-thread.ts", simulator, { args, env });
    const ann = await simulator.user("ann");
    await ann.sendText("/wait");
    await eventually(() => notes() === "begins\n", notes);
    bot.process.signal("SIGHUP");
    await eventually(() => notes() === "begins\nis told\n", notes);
    folder.write("go", "");
    assert.equal(await nextText(ann), "done");
    // The new program has it.
    assert.equal(await ask(ann, "/page"), "page 1");
    const { code, stderr } = await bot.end();
    assert.equal(code, 0);
    assert.doesNotMatch(stderr, /given up|unsettled/);
    assert.equal(notes(), "begins\nis told\n");
    assert.equal(simulator.calls.filter(({ parameters }) => parameters.text === "done").length, 1);
  });
});
