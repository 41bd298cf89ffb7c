/** A group with --line: one member, or one topic, does not hold up the others. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { BroadcastChannel } from "node:worker_threads";
import { Simulator } from "../../simulator/index.ts";
import { DeadLetters } from "../../src/inbox/dead-letters.ts";
import { SqliteInbox } from "../../src/inbox/sqlite.ts";
import { Folder } from "../folder.ts";
import { received } from "../inbox/received.ts";
import { callsOf } from "./bot.ts";
import { startServer } from "./server.ts";

const GROUP = -1_001_500_000_001;
const [ANN, BEN] = ["Ann", "Ben"].map((first_name, i) => ({ id: 501 + i, is_bot: false, first_name }));

/** A message to the group, as Telegram would send it. */
const said = (from: object | undefined, text: string, topic?: number) => ({
  message: {
    message_id: 1,
    date: 1_700_000_000,
    chat: { id: GROUP, type: "supergroup", title: "Town", is_forum: true },
    from,
    text,
    ...(topic !== undefined && { message_thread_id: topic, is_topic_message: true }),
  },
});

/** Lets the application's members go on that wait. */
function goOn(): void {
  const channel = new BroadcastChannel("members");
  channel.postMessage("go on");
  channel.close();
}

/** The first texts that the bot has sent. */
const texts = async (simulator: Simulator, count: number) =>
  (await callsOf(simulator, "sendMessage", count)).map(({ text }) => text);

test("a member is answered while another member's event is at work, and each member's events keep their order", async () => {
  await using simulator = await Simulator.start();
  await using _server = await startServer("members", simulator, { line: "member", workers: 2 });
  await simulator.pushMany([said(ANN, "wait"), said(ANN, "later"), said(BEN, "one"), said(BEN, "two")]);
  assert.deepEqual(await texts(simulator, 2), ["Ben 1: one", "Ben 2: two"]);
  goOn();
  assert.deepEqual((await texts(simulator, 4)).slice(2), ["Ann 1: wait", "Ann 2: later"]);
});

test("without --line all members of a group have one instance, and wait for one another", async () => {
  await using simulator = await Simulator.start();
  await using _server = await startServer("members", simulator, { workers: 2 });
  await simulator.pushMany([said(ANN, "wait"), said(BEN, "one")]);
  goOn();
  assert.deepEqual(await texts(simulator, 2), ["all 1: wait", "all 2: one"]);
});

test("a topic is answered while another topic's event is at work; each is answered in its topic", async () => {
  await using simulator = await Simulator.start();
  await using _server = await startServer("members", simulator, { line: "topic", workers: 2 });
  await simulator.pushMany([said(ANN, "wait", 7), said(ANN, "one", 9), said(ANN, "general")]);
  const calls = await callsOf(simulator, "sendMessage", 2);
  assert.deepEqual(
    new Set(calls.map(({ text, message_thread_id }) => `${text}, ${message_thread_id}`)),
    new Set(["topic 9 1: one, 9", "all 1: general, undefined"]),
  );
  goOn();
  const { text, message_thread_id, chat_id } = (await callsOf(simulator, "sendMessage", 3))[2]!;
  assert.deepEqual([text, message_thread_id, chat_id], ["topic 7 1: wait", 7, GROUP]);
});

test("events that were stored with another --line go to the lines of this one", async () => {
  using folder = new Folder();
  await using simulator = await Simulator.start();
  const path = folder.join("inbox.sqlite");
  const inbox = new SqliteInbox(path, simulator.bot.id);
  const stored = [said(ANN, "wait"), said(BEN, "one"), said(ANN, "later")];
  await inbox.append(stored.map((update, i) => received({ update_id: 1 + i, ...update })));
  await inbox.close();
  await using _server = await startServer("members", simulator, { inbox: path, line: "member", workers: 2 });
  assert.deepEqual(await texts(simulator, 1), ["Ben 1: one"]);
  await simulator.push(said(ANN, "last"));
  goOn();
  assert.deepEqual((await texts(simulator, 4)).slice(1), ["Ann 1: wait", "Ann 2: later", "Ann 3: last"]);
});

test("a member's dead letter names the member, and is found by the group", async () => {
  using folder = new Folder();
  await using simulator = await Simulator.start();
  const path = folder.join("inbox.sqlite");
  const options = { inbox: path, line: "member", onFailure: "sorry" } as const;
  await using server = await startServer("members", simulator, options);
  await simulator.pushMany([said(ANN, "one"), said(ANN, "boom"), said(ANN, "two"), said(BEN, "three")]);
  const all = await callsOf(simulator, "sendMessage", 4);
  const [ben, ann] = [all.filter(({ text }) => /^Ben/.test(text)), all.filter(({ text }) => !/^Ben/.test(text))];
  assert.deepEqual(
    [ben, ann].map((calls) => calls.map(({ text }) => text)),
    [["Ben 1: three"], ["Ann 1: one", "sorry", "Ann 1: two"]],
  );
  assert.ok(all.every(({ chat_id }) => chat_id === GROUP));
  await server.stop();
  const letters = new DeadLetters(path);
  assert.deepEqual(
    letters.list({ chat: GROUP }).map(({ line }) => line),
    [`chat:${GROUP}/member:${ANN!.id}`],
  );
  letters.close();
});
