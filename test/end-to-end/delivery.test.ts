import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { DeadLetters } from "../../src/inbox/dead-letters.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import { callsOf, message, startBot, startBotHere } from "./bot.ts";

const ANN = 1;
const BEN = 2;

/** Texts that the bot has sent to the chat. */
const said = (simulator: Simulator, chat: number) =>
  simulator.calls.filter(({ parameters }) => parameters.chat_id === chat).map(({ parameters }) => parameters.text);

/** Reasons of the dead letters. */
function reasons(path: string): string[] {
  const letters = new DeadLetters(path);
  try {
    return letters.list().map(({ reason }) => reason);
  } finally {
    letters.close();
  }
}

test("/cancel is heard while the job of the same chat runs, and settles it", async () => {
  using folder = new Folder();
  await using simulator = await Simulator.start();
  const inbox = folder.join("inbox.sqlite");
  await using bot = await startBotHere("in-hand", simulator, ["--inbox", inbox, "--workers", "1"]);
  await simulator.push(message(ANN, "job"));
  await callsOf(simulator, "sendMessage", 1);
  await simulator.push(message(ANN, "/cancel"));
  await callsOf(simulator, "sendMessage", 2);
  assert.deepEqual(said(simulator, ANN), ["job begins 1", "cancelled"]);
  assert.equal((await bot.end()).code, 0);
  await using again = await startBotHere("in-hand", simulator, ["--inbox", inbox]);
  await simulator.push(message(ANN, "hello"));
  await callsOf(simulator, "sendMessage", 3);
  assert.deepEqual(said(simulator, ANN).slice(2), ["hello 1"], "nothing is delivered again");
  assert.equal((await again.end()).code, 0);
  assert.deepEqual(reasons(inbox), []);
});

for (const [signal, startFirst] of [
  ["SIGKILL", startBot],
  ["SIGTERM", startBotHere],
] as const) {
  test(`a job in mid-work at a ${signal} is delivered again at the next start`, async () => {
    using folder = new Folder();
    await using simulator = await Simulator.start();
    const args = ["--inbox", folder.join("inbox.sqlite"), "--workers", "1"];
    await using bot = await startFirst("in-hand", simulator, args);
    await simulator.push(message(ANN, "job"));
    await callsOf(simulator, "sendMessage", 1);
    await simulator.push(message(ANN, "hello"));
    await callsOf(simulator, "sendMessage", 2);
    await bot.end(signal);
    await using again = await startBotHere("in-hand", simulator, args);
    // Where the kill came before the second message was settled, that comes again, too.
    const jobs = () => said(simulator, ANN).filter((text) => String(text).startsWith("job"));
    await eventually(() => jobs().length === 3, jobs);
    assert.deepEqual(jobs(), ["job begins 1", "job begins 2", "job done"]);
    assert.equal((await again.end()).code, 0);
  });
}

test("a job in mid-work at a reload is told, and delivered again to the new code", async () => {
  using folder = new Folder();
  await using simulator = await Simulator.start();
  const args = ["--inbox", folder.join("inbox.sqlite"), "--workers", "1"];
  await using bot = await startBotHere("in-hand", simulator, args);
  await simulator.push(message(ANN, "job"));
  await callsOf(simulator, "sendMessage", 1);
  bot.process.signal("SIGHUP");
  await callsOf(simulator, "sendMessage", 3);
  assert.deepEqual(said(simulator, ANN), ["job begins 1", "job begins 2", "job done"]);
  assert.equal((await bot.end()).code, 0);
});

test("an event beyond --event-timeout is a dead letter, and its chat goes on; a renewed limit is no end", async () => {
  using folder = new Folder();
  await using simulator = await Simulator.start();
  const inbox = folder.join("inbox.sqlite");
  const args = ["--inbox", inbox, "--workers", "1", "--event-timeout", "0.5"];
  await using bot = await startBotHere("in-hand", simulator, args);
  await simulator.pushMany([message(ANN, "hang"), message(ANN, "after"), message(BEN, "late")]);
  await callsOf(simulator, "sendMessage", 2);
  assert.deepEqual([said(simulator, BEN), said(simulator, ANN)], [["late"], ["after 1"]]);
  assert.equal((await bot.end()).code, 0);
  assert.match(reasons(inbox).join(), /^DOMException.*the event took longer than 0\.5 s/);
});

test("an event that blocks its thread beyond --event-timeout is a dead letter at once, and no other event is blamed", async () => {
  using folder = new Folder();
  await using simulator = await Simulator.start();
  const inbox = folder.join("inbox.sqlite");
  const args = ["--inbox", inbox, "--workers", "1", "--event-timeout", "0.5", "--max-attempts", "1"];
  await using bot = await startBotHere("in-hand", simulator, args);
  await simulator.push(message(BEN, "job"));
  await callsOf(simulator, "sendMessage", 1);
  await simulator.pushMany([message(ANN, "spin"), message(ANN, "after")]);
  await eventually(
    () => said(simulator, ANN).length === 1 && said(simulator, BEN).length >= 3,
    () => bot.process.stderr,
  );
  assert.deepEqual(said(simulator, ANN), ["after 2"]);
  assert.deepEqual(said(simulator, BEN), ["job begins 1", "job begins 2", "job done"]);
  assert.equal((await bot.end()).code, 0);
  assert.deepEqual(reasons(inbox), ["it took longer than its time limit, and blocked its worker"]);
});

test("an event that goes on by itself beside another one and blocks its thread costs that other one nothing", async () => {
  using folder = new Folder();
  await using simulator = await Simulator.start();
  const inbox = folder.join("inbox.sqlite");
  const args = [
    "--inbox",
    inbox,
    "--workers",
    "1",
    "--event-timeout",
    "1",
    "--stall-timeout",
    "2",
    "--max-attempts",
    "1",
  ];
  await using bot = await startBotHere("in-hand", simulator, args);
  await simulator.pushMany([message(ANN, "spin later"), message(ANN, "after"), message(BEN, "job")]);
  await eventually(
    () => said(simulator, ANN).length === 1 && said(simulator, BEN).length >= 3,
    () => bot.process.stderr,
  );
  assert.deepEqual(said(simulator, BEN), ["job begins 1", "job begins 2", "job done"]);
  assert.equal((await bot.end()).code, 0);
  assert.equal(reasons(inbox).length, 1);
});
