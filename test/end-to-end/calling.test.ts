/** Calls of a bot's program by other clients than its library, and its files. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { Folder } from "../folder.ts";
import { callsOf, nextMessage, nextText } from "./bot.ts";
import { startProgram, startProgramHere } from "./program.ts";

const start = (simulator: Simulator, args: readonly string[], env = {}) =>
  startProgramHere("calling.ts", simulator, { args, env });

describe("a bot's program", () => {
  test("its calls by axios, fetch and https are answered; undici's are refused with the reason", async () => {
    await using simulator = await Simulator.start();
    await using bot = await start(simulator, ["--no-inbox"]);
    const ann = await simulator.user("ann");
    await ann.sendText("/axios");
    assert.equal(await nextText(ann), "by axios");
    const { document, caption } = await nextMessage(ann);
    assert.deepEqual([document?.file_size, caption], [3, "by axios"]);
    for (const client of ["fetch", "https"]) {
      await ann.sendText(`/${client}`);
      assert.equal(await nextText(ann), `by ${client}`);
    }
    await ann.sendText("/undici");
    assert.match((await nextText(ann)) ?? "", /^the program calls api\.telegram\.org by a client of its own/);
    await ann.sendText("/refused");
    assert.equal(await nextText(ann), "AxiosError: Bad Request: chat not found");
    assert.equal((await bot.end()).code, 0);
  });

  test("its large file is uploaded, and removed from the disk", async () => {
    await using simulator = await Simulator.start();
    using folder = new Folder();
    await using bot = await start(simulator, ["--no-inbox"], { TMPDIR: folder.path });
    const ann = await simulator.user("ann");
    await ann.sendText("/large");
    const { document } = await nextMessage(ann);
    assert.deepEqual([document?.file_name, document?.file_size], ["large.bin", 30 * Math.floor((1024 * 1024) / 10)]);
    assert.equal((await bot.end()).code, 0);
    assert.deepEqual(readdirSync(folder.path), []);
  });

  test("it has the token with --expose-token, and a stand-in without, and its links work with either", async () => {
    await using simulator = await Simulator.start();
    const [, secret] = simulator.token.split(":");
    const ann = await simulator.user("ann");
    for (const [args, seen] of [
      [[], "asgigram-keeps-the-token-----------"],
      [["--expose-token"], secret],
    ] as const) {
      await using bot = await start(simulator, ["--no-inbox", ...args]);
      await ann.sendText("/token");
      assert.equal(await nextText(ann), seen);
      await ann.sendFile("a.txt", Buffer.from("content"));
      assert.equal(await nextText(ann), "content, content, content");
      const warned = bot.log.filter(({ msg }) => msg.startsWith("--expose-token: ")).length;
      assert.equal(warned, args.length);
      assert.equal((await bot.end()).code, 0);
    }
  });

  for (const [program, option, first] of [
    ["calling.ts", "--journal", ["first"]],
    ["calling.ts", "--no-journal", ["first", "first"]],
    // Its file is a stream.
    ["telegraf.ts", "--journal", ["first"]],
  ] as const) {
    test(`${program}, killed between two calls of an event, makes the first ${first.length === 1 ? "once" : "twice"} with ${option}`, async () => {
      await using simulator = await Simulator.start();
      using folder = new Folder();
      const args = ["--inbox", folder.join("inbox.sqlite"), option];
      const ann = await simulator.user("ann");
      {
        await using bot = await startProgram(program, simulator, { args, env: { HANGS: "yes" } });
        await ann.sendText("/two");
        await bot.logged(({ msg }) => msg.includes("first is answered"));
        await bot.end("SIGKILL");
      }
      await using bot = await startProgramHere(program, simulator, { args });
      await callsOf(simulator, "sendMessage", 1);
      const captions = simulator.calls.filter(({ method }) => method === "sendDocument");
      assert.deepEqual(
        captions.map(({ parameters }) => parameters.caption),
        first,
      );
      assert.equal((await bot.end()).code, 0);
    });
  }
});
