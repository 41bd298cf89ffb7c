/** A bot whose database is away for a while: what comes meanwhile is held, and answered afterwards, in order. */

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { after, test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { deadLettersIn, unsettledIn } from "../chaos/inbox-file.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import { BotHere, callsOf, confirmed, message } from "./bot.ts";

const folder = new Folder();
after(() => folder[Symbol.dispose]());

const CHATS = 100;
/** Dead letters before events are held: ten chats have to throw the same error. */
const MOST_DEAD_LETTERS = 9;

const isHeld = ({ msg }: { msg: string }) => msg.includes("all events are held");

/** Starts the bot while its database is away. */
async function start(simulator: Simulator, name: string, ...args: string[]) {
  const away = folder.join(`${name}-away`);
  const inbox = folder.join(`${name}.sqlite`);
  writeFileSync(away, "");
  const common = ["--inbox", inbox, "--workers", "2", "--listen", "127.0.0.1:0"];
  const startAgain = async () => {
    const bot = new BotHere("apps/database.ts", simulator, [...common, ...args], { env: { DATABASE_AWAY: away } });
    await bot.process.says("serving");
    return bot;
  };
  const bot = await startAgain();
  const comeBack = () => rmSync(away, { force: true });
  return { bot, inbox, comeBack, startAgain, [Symbol.asyncDispose]: () => bot[Symbol.asyncDispose]() };
}

const messages = (texts: readonly string[]) =>
  texts.flatMap((text) => Array.from({ length: CHATS }, (_, i) => message(i + 1, text)));

/** Texts of the answers by chat, without their attempts. */
async function answersOf(simulator: Simulator, count: number): Promise<string[][]> {
  const calls = await callsOf(simulator, "sendMessage", count);
  const chats = Map.groupBy(calls, ({ chat_id }) => chat_id);
  return [...chats.values()].map((calls) => calls.map(({ text }) => text.split(" ")[0]));
}

async function reasons(url: string): Promise<unknown> {
  const response = await fetch(`${url}/readyz`);
  return ((await response.json()) as { reasons?: unknown }).reasons;
}

test("while a database is away no event becomes a dead letter but the first few, and all are answered in order afterwards", async () => {
  await using simulator = await Simulator.start();
  await using it = await start(simulator, "away", "--breaker");
  const { bot } = it;
  const { url } = await bot.logged(({ msg }) => msg === "listening");
  await simulator.pushMany(messages(["a"]));
  const line = await bot.logged(isHeld);
  assert.match(line.error!, /ECONNREFUSED/);
  await simulator.pushMany(messages(["b", "c"]));
  await confirmed(simulator);
  const [reason] = (await reasons(url as string)) as { check: string; reason: string }[];
  assert.match(reason!.reason, /^events are held since .*: most chats' events throw .*ECONNREFUSED/);
  it.comeBack();
  await bot.logged(({ msg }) => msg.includes("events are held no longer"));
  await eventually(
    () => unsettledIn(it.inbox) === 0,
    () => unsettledIn(it.inbox),
  );
  const dead = deadLettersIn(it.inbox).length;
  assert.ok(dead <= MOST_DEAD_LETTERS, `${dead} dead letters`);
  for (const texts of await answersOf(simulator, 3 * CHATS - dead)) {
    assert.ok(["a,b,c", "b,c"].includes(texts.join()), texts.join());
  }
  assert.equal(await reasons(url as string), undefined);
  assert.equal(bot.log.filter(isHeld).length, 1);
  assert.equal((await bot.end()).code, 0);
});

test("with --retry events are held by default, and a bot that is stopped meanwhile makes no dead letters of them", async () => {
  await using simulator = await Simulator.start();
  await using it = await start(simulator, "stopped", "--retry", "3");
  await simulator.pushMany(messages(["a", "b"]));
  await it.bot.logged(isHeld);
  await confirmed(simulator);
  assert.equal((await it.bot.end()).code, 0);
  assert.equal(unsettledIn(it.inbox), 2 * CHATS);
  assert.deepEqual(deadLettersIn(it.inbox), []);
  it.comeBack();
  await using next = await it.startAgain();
  for (const texts of await answersOf(simulator, 2 * CHATS)) assert.equal(texts.join(), "a,b");
  assert.equal((await next.end()).code, 0);
});
