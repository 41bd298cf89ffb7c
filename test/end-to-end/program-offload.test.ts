/** Gains of a grammY or a Telegraf bot in its handlers: delivery(), offload(), shared(), onDeadLetter(), RetryLater. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { Folder } from "../folder.ts";
import { until } from "./bot.ts";
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
      assert.equal(await ask(ann, "/later"), "attempt 2");
      assert.equal(await ask(ann, "/throw"), "Sorry: no luck");
      assert.equal(killed.process.stderr.match(/is now a dead letter/g)?.length, 1);

      assert.equal(await ask(ann, "/render one"), "rendering one");
      // The answer is recorded when a later message is.
      for (const _ of [1, 2]) assert.equal(await ask(ann, "/ping"), "pong");
      await killed.end("SIGKILL");
      await using bot = await startProgramHere(file, simulator, { args });
      const texts = () =>
        simulator.calls.map(({ parameters }) => parameters.text).filter((text) => / one|^one/.test(`${text}`));
      await until(simulator, () => texts().length > 1);
      assert.deepEqual(texts(), ["rendering one", "one: loaded once, in attempt 2"]);
      assert.equal((await bot.end()).code, 0);
    });
  });
}
