import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { DeadLetters } from "../../src/inbox/dead-letters.ts";
import { SqliteInbox } from "../../src/inbox/sqlite.ts";
import { Folder } from "../folder.ts";
import { received } from "../inbox/received.ts";
import { callsOf, message, startBotHere } from "./bot.ts";

const now = () => Math.floor(Date.now() / 1000);

/** Makes an inbox with updates of an earlier process. */
async function leave(path: string, bot: number, updates: { update_id: number }[]): Promise<void> {
  const inbox = new SqliteInbox(path, bot);
  await inbox.append(updates.map(received));
  await inbox.close();
}

test("--drop-pending drops the updates that wait at Telegram and in the inbox, and logs their numbers", async () => {
  using folder = new Folder();
  await using simulator = await Simulator.start();
  const inbox = folder.join("inbox.sqlite");
  await leave(inbox, simulator.bot.id, [{ update_id: 7, ...message(1, "stored") }]);
  await simulator.pushMany([message(1, "old"), message(2, "old"), message(3, "old")]);
  await using bot = await startBotHere("echo", simulator, ["--drop-pending", "--inbox", inbox]);
  const line = await bot.logged(({ msg }) => msg === "dropped pending updates");
  assert.deepEqual([line.stored, line.waiting], [1, 3]);
  await simulator.push(message(4, "new"));
  const calls = await callsOf(simulator, "sendMessage", 1);
  assert.deepEqual(
    calls.map(({ chat_id }) => chat_id),
    [4],
  );
  assert.equal((await bot.end()).code, 0);
  assert.equal(simulator.pending, 0);
});

test("--max-age drops the updates that are older at the start, at Telegram and in the inbox, and no others", async () => {
  using folder = new Folder();
  await using simulator = await Simulator.start();
  const inbox = folder.join("inbox.sqlite");
  await leave(inbox, simulator.bot.id, [{ update_id: 7, ...message(1, "stored just now") }]);
  const dated = (chat: number, date: number) => ({ message: { ...message(chat, "hello").message, date } });
  await simulator.pushMany([dated(2, now() - 3600), dated(3, now()), dated(4, now() - 7200)]);
  await using bot = await startBotHere("echo", simulator, ["--max-age", "600", "--inbox", inbox]);
  const calls = await callsOf(simulator, "sendMessage", 2);
  assert.deepEqual(calls.map(({ chat_id }) => chat_id).toSorted(), [1, 3]);
  const dropped = await bot.logged((line) => line.dropped !== undefined);
  assert.equal(dropped.dropped, 2);
  assert.equal((await bot.end()).code, 0);
});

test("the newest --dead-letter-limit dead letters are kept", async () => {
  using folder = new Folder();
  await using simulator = await Simulator.start();
  const inbox = folder.join("inbox.sqlite");
  await using bot = await startBotHere("fragile", simulator, [
    "--dead-letter-limit",
    "3",
    "--inbox",
    inbox,
    "--workers",
    "1",
  ]);
  await simulator.pushMany(Array.from({ length: 10 }, () => message(1, "fail always")));
  await simulator.push(message(1, "done"));
  await callsOf(simulator, "sendMessage", 1);
  assert.equal((await bot.end()).code, 0);
  const letters = new DeadLetters(inbox);
  const ids = letters.list().map(({ id }) => id);
  letters.close();
  assert.deepEqual(ids, [8, 9, 10]);
});

for (const [who, chats] of [
  ["a chat that hangs", 1],
  ["32 chats that hang", 32],
] as const) {
  test(`${who} with 10,200 updates in all: no other chat waits, and polling goes on`, async () => {
    using folder = new Folder();
    await using simulator = await Simulator.start();
    const args = ["--inbox", folder.join("inbox.sqlite"), "--workers", "1", "--shutdown-timeout", "0"];
    await using _ = await startBotHere("hanging", simulator, args);
    const other = chats + 1;
    await simulator.pushMany(Array.from({ length: 10_200 }, (_, i) => message(1 + (i % chats), "hang")));
    await simulator.pushMany([message(other, "hello"), message(other, "again")]);
    const calls = await callsOf(simulator, "sendMessage", 2);
    assert.deepEqual(
      calls.map(({ chat_id, text }) => [chat_id, text]),
      [
        [other, "hello"],
        [other, "again"],
      ],
    );
  });
}
