/**
 * The simulator agrees with the libraries that people use: for each a bot with a conversation, keyboards, media, an album, a poll, inline
 * mode and a payment, in a process of its own, on `asgigram simulator`. Libraries with types fail where an answer is not as Telegram's.
 *
 *   npm run test:clients                             all of them, and the tests of examples/pytest
 *   CLIENTS="aiogram grammy" npm run test:clients    these; pytest is one of the names
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { SimulatorClient } from "../../simulator/index.ts";
import { startChild } from "../child.ts";
import { Asgigram, BIN } from "../cli/asgigram.ts";
import { pngHeader } from "../simulator/png-header.ts";
import { python } from "./python.ts";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** The program of each bot. */
const BOTS: { readonly [client: string]: () => readonly [command: string, script: string] } = {
  aiogram: () => [python(), here("bots/with_aiogram.py")],
  "python-telegram-bot": () => [python(), here("bots/with_python_telegram_bot.py")],
  grammy: () => [process.execPath, here("bots/grammy.ts")],
  telegraf: () => [process.execPath, here("bots/telegraf.ts")],
  gramio: () => [process.execPath, here("bots/gramio.ts")],
  "node-telegram-bot-api": () => [process.execPath, here("bots/node-telegram-bot-api.ts")],
};

const chosen = process.env.CLIENTS?.split(" ") ?? [...Object.keys(BOTS), "pytest"];
const strangers = chosen.filter((name) => BOTS[name] === undefined && name !== "pytest");
if (strangers.length > 0) throw new Error(`there is no client ${strangers.join(", ")}`);

/** The bots start slowly on a busy machine: ms. */
const PATIENT = { timeout: 60_000 };

let simulator: Asgigram;
let url: string;

before(async () => {
  simulator = new Asgigram(["simulator", "--listen", "127.0.0.1:0"]);
  url = await simulator.finds(() => /http:\S+(?=\.)/.exec(simulator.stdout)?.[0], "its URL");
});
after(() => simulator[Symbol.asyncDispose]());

for (const [i, client] of chosen.filter((name) => name !== "pytest").entries()) {
  test(`a bot with ${client} does what a bot can do`, async () => {
    const token = `${i + 1}:${client}`;
    const [command, script] = BOTS[client]!();
    const bot = startChild(command, [script], {
      env: { ...process.env, API_URL: url, TOKEN: token },
      stdio: ["ignore", "inherit", "inherit"],
    });
    const ended = once(bot, "exit").then(() => Promise.reject(new Error("the bot has ended")));
    try {
      await Promise.race([converse(new SimulatorClient(url, token)), ended]);
    } finally {
      ended.catch(() => {});
      bot.kill("SIGKILL");
    }
  });
}

if (chosen.includes("pytest")) {
  test("the tests of examples/pytest pass", () => {
    const env = { ...process.env, ASGIGRAM: `${process.execPath} ${BIN}` };
    const cwd = here("../../examples/pytest");
    execFileSync(python(), ["-m", "pytest", "-q", "-p", "no:cacheprovider"], { cwd, env, stdio: "inherit" });
  });
}

/** Ann tries all that the bot can do. */
async function converse(world: SimulatorClient): Promise<void> {
  const ann = await world.user("Ann");
  const says = async (text: string) => assert.equal((await ann.nextMessage(PATIENT)).text, text);
  const asks = async (text: string, answer: string) => {
    await ann.sendText(text);
    await says(answer);
  };

  await asks("/start", "Hello, Ann!");
  const pressed = await ann.press("Yes");
  assert.equal((await pressed.answered(undefined, PATIENT)).text, "You pressed yes");
  assert.equal((await ann.chat.next("edited", PATIENT)).message.text, "Pressed: yes");

  await asks("/form", "Your name?");
  await asks("Ann", "Your age?");
  await asks("7", "Ann is 7");

  await asks("/keys", "Which colour?");
  await ann.press("Red");
  await says("Red it is");

  await ann.sendPhoto(pngHeader(640, 480));
  const { photo, caption } = await ann.nextMessage(PATIENT);
  assert.deepEqual([photo?.at(-1)?.width, photo?.at(-1)?.height, caption], [640, 480, "Back to you"]);

  await ann.sendText("/album");
  const album = [await ann.nextMessage(PATIENT), await ann.nextMessage(PATIENT)];
  for (const { photo } of album) assert.ok(photo!.at(-1)!.width > 0);
  assert.equal(typeof album[0]!.media_group_id, "string");
  assert.equal(album[0]!.media_group_id, album[1]!.media_group_id);

  await ann.sendText("/poll");
  await ann.vote(await ann.nextMessage(PATIENT), [1]);
  await says("You chose 1");

  const asked = await ann.inlineQuery("tea");
  assert.equal((await asked.answered(undefined, PATIENT)).results.length, 1);
  const { text, via_bot } = await ann.choose(asked, "1");
  assert.deepEqual([text, via_bot?.username], ["You asked for tea", "simulated_bot"]);

  await says("You asked for tea it is");

  await ann.sendText("/pay");
  await ann.pay(await ann.nextMessage(PATIENT), PATIENT);
  await says("Paid 5 XTR");

  const refused = (await world.callsOf()).filter(({ error }) => error !== undefined);
  assert.deepEqual(refused, []);
}
