import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { tooManyRequests } from "../../simulator/api/refusal.ts";
import { Simulator } from "../../simulator/index.ts";
import { callsOf, message, startBotHere } from "./bot.ts";

/** Texts of the bot's messages to the chat, of which there are at least so many. */
async function said(simulator: Simulator, chat: number, count: number): Promise<unknown[]> {
  const calls = await callsOf(simulator, "sendMessage", count);
  return calls.filter(({ chat_id }) => chat_id === chat).map(({ text }) => text);
}

describe("onDeadLetter()", () => {
  test("the application is told of its throws, before the chat's next event", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startBotHere("telling", simulator, ["--no-inbox", "-w", "1"]);
    await simulator.pushMany([message(5, "throw"), message(5, "next"), message(6, "throw later")]);
    await callsOf(simulator, "sendMessage", 4);
    assert.deepEqual(await said(simulator, 5, 4), ["sorry for throw: Error: no luck; 1", "did next"]);
    assert.deepEqual((await said(simulator, 6, 4)).sort(), [
      "did throw later",
      "sorry for throw later: Error: no luck later; 1",
    ]);
    const line = await bot.logged(({ msg }) => msg === "telling");
    assert.equal(line.update_id !== undefined && line.kind === "message", true);
    assert.equal((await bot.end()).code, 0);
  });

  test("the application is told once of an event that killed its worker too often, before the chat's next event", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startBotHere("telling", simulator, ["--no-inbox", "-w", "1", "--max-attempts", "2"]);
    await simulator.pushMany([message(5, "exit"), message(5, "next")]);
    assert.deepEqual(await said(simulator, 5, 2), [
      "sorry for exit: WorkerError: its worker died 2 times while it handled this event; 2",
      "did next",
    ]);
    assert.equal((await bot.end()).code, 0);
    assert.equal(simulator.calls.filter(({ method }) => method === "sendMessage").length, 2);
  });

  test("the application is told of an event that blocked its thread for longer than --event-timeout", async () => {
    await using simulator = await Simulator.start();
    await using bot = await startBotHere("telling", simulator, ["--no-inbox", "-w", "1", "--event-timeout", "0.5"]);
    await simulator.pushMany([message(5, "spin"), message(5, "next")]);
    assert.deepEqual(await said(simulator, 5, 2), [
      "sorry for spin: TimeoutError: it took longer than its time limit, and blocked its worker; 1",
      "did next",
    ]);
    assert.equal((await bot.end()).code, 0);
  });
});

test("the time for which Telegram makes a call wait does not count for --event-timeout", async () => {
  let refusals = 0;
  await using simulator = await Simulator.start({
    intercept: async ({ method }, respond) => {
      if (method === "sendMessage" && refusals++ === 0) throw tooManyRequests(2);
      return await respond();
    },
  });
  await using bot = await startBotHere("telling", simulator, ["--no-inbox", "-w", "1", "--event-timeout", "1.5"]);
  await simulator.pushMany([message(5, "report")]);
  // The refused call counts, too.
  assert.deepEqual(await said(simulator, 5, 3), ["did report", "did report", "aborted: false"]);
  assert.equal((await bot.end()).code, 0);
});

test("--on-failure tells the person, once a minute", async () => {
  await using simulator = await Simulator.start();
  await using bot = await startBotHere("fragile", simulator, ["--no-inbox", "-w", "1", "--on-failure", "Sorry!"]);
  await simulator.pushMany([message(5, "fail"), message(5, "fail"), message(5, "next"), message(6, "fail")]);
  await callsOf(simulator, "sendMessage", 3);
  assert.deepEqual(await said(simulator, 5, 3), ["Sorry!", "next 1"]);
  assert.deepEqual(await said(simulator, 6, 3), ["Sorry!"]);
  assert.equal((await bot.end()).code, 0);
});
