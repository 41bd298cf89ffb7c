/** A bot whose heavy work is offloaded. heavy.test.ts has starts, reloads and stops. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Simulator } from "../../simulator/index.ts";
import { DeadLetters } from "../../src/inbox/dead-letters.ts";
import { startChild } from "../child.ts";
import { COMPILED } from "../cli/asgigram.ts";
import { Folder } from "../folder.ts";
import { type Bot, message, nextText, startBot, startBotHere, until } from "./bot.ts";

const PLAIN = fileURLToPath(new URL("apps/offloading/plain-grammy.ts", import.meta.url));

describe("a bot that offloads", () => {
  const folder = new Folder();
  const inbox = folder.join("inbox.sqlite");
  let simulator: Simulator;
  let bot: Bot;
  let chats = 0;

  before(async () => {
    simulator = await Simulator.start();
    bot = await startBot("offloading/bot", simulator, ["--inbox", inbox, "--workers", "2"]);
  });

  after(async () => {
    await bot[Symbol.asyncDispose]();
    await simulator.close();
    folder[Symbol.dispose]();
  });

  /** A chat of its own. */
  class Chat {
    readonly #id = ++chats;

    async say(text: string): Promise<void> {
      await simulator.push(message(this.#id, text));
    }

    /** Texts of the bot in this chat, when there are as many. */
    async heard(count: number): Promise<string[]> {
      const texts = () =>
        simulator.calls
          .filter(({ parameters }) => parameters.chat_id === this.#id)
          .map(({ parameters }) => parameters.text);
      await until(simulator, () => texts().length >= count, `${count} messages in chat ${this.#id}`);
      return texts() as string[];
    }
  }

  test("/ping of the same chat and of others is answered while a thread is blocked; who waits hears how many are before", async () => {
    const [ann, ben, cay] = [new Chat(), new Chat(), new Chat()];
    await ann.say("block");
    assert.deepEqual((await ann.heard(2)).sort(), ["0 before you", "running"]);
    for (const chat of [ann, ben]) await chat.say("/ping");
    assert.equal((await ann.heard(3))[2], "pong");
    assert.deepEqual(await ben.heard(1), ["pong"]);
    await ben.say("block");
    assert.deepEqual(await ben.heard(2), ["pong", "0 before you"]);
    await cay.say("block");
    assert.deepEqual(await cay.heard(1), ["1 before you"]);
    await ann.say("release");
    assert.deepEqual((await ann.heard(4)).slice(3), ["done"]);
    assert.deepEqual((await ben.heard(4)).slice(2), ["running", "done"]);
    assert.deepEqual((await cay.heard(3)).slice(1), ["running", "done"]);
  });

  test("/cancel aborts the job, and its thread is free", async () => {
    const [ann, ben] = [new Chat(), new Chat()];
    await ann.say("hold");
    await ann.heard(1);
    await ann.say("/cancel");
    assert.deepEqual(await ann.heard(2), ["running", "cancelled"]);
    await ben.say("hold");
    assert.deepEqual(await ben.heard(1), ["running"]);
    await ben.say("/cancel");
    await ben.heard(2);
  });

  test("a crash is an error of that await: the event goes on, in its first attempt, and other jobs run", async () => {
    const [ann, ben] = [new Chat(), new Chat()];
    await ann.say("crash");
    assert.deepEqual(await ann.heard(1), ["JobCrashedError in attempt 1"]);
    await ben.say("hold");
    assert.deepEqual(await ben.heard(1), ["running"]);
    await ben.say("/cancel");
    await ben.heard(2);
  });

  test("shared memory is the same in all workers", async () => {
    const counts: { count: number; thread: number }[] = [];
    for (let chat = 0; chat < 6; chat++) {
      const one = new Chat();
      await one.say("count");
      counts.push(JSON.parse((await one.heard(1))[0]!));
    }
    assert.deepEqual(
      counts.map(({ count }) => count),
      [1, 2, 3, 4, 5, 6],
    );
    assert.equal(new Set(counts.map(({ thread }) => thread)).size, 2);
  });

  test("a child process sees neither the token nor the server's environment", async () => {
    const ann = new Chat();
    await ann.say("environment");
    const { names, pid, server } = JSON.parse((await ann.heard(1))[0]!);
    assert.notEqual(pid, server);
    assert.equal(server, bot.process.process.pid);
    assert.ok(names.includes("PATH"));
    assert.deepEqual(
      names.filter((name: string) => name.startsWith("ASGIGRAM_")),
      [],
    );
  });

  test("nothing of all this is a dead letter, or is delivered again", async () => {
    assert.equal((await bot.end()).code, 0);
    const count = simulator.calls.length;
    const letters = new DeadLetters(inbox);
    assert.deepEqual(letters.list(), []);
    letters.close();
    await using again = await startBotHere("offloading/bot", simulator, ["--inbox", inbox, "--workers", "2"]);
    const ann = new Chat();
    await ann.say("/ping");
    assert.deepEqual(await ann.heard(1), ["pong"]);
    const calls = simulator.calls.slice(count).filter(({ method }) => method === "sendMessage");
    assert.equal(calls.length, 1);
    assert.equal((await again.end()).code, 0);
  });
});

test("a bot on grammY in plain Node.js uses heavy functions, and ends by itself", async () => {
  await using simulator = await Simulator.start();
  const env = {
    PATH: process.env.PATH,
    NODE_COMPILE_CACHE: COMPILED,
    TOKEN: simulator.token,
    API_URL: simulator.url,
  };
  const bot = startChild(process.execPath, [PLAIN], { env, stdio: "inherit" });
  const over = once(bot, "close");
  const ann = await simulator.user("ann");
  await ann.sendText("41");
  assert.equal(await nextText(ann), "42");
  assert.deepEqual(await over, [0, null]);
});
