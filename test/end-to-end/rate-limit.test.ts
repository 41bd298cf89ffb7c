import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { callsOf, message, startBot } from "./bot.ts";

const RATE = 20;
const CHATS = 15;

test("--rate-limit spreads calls to many chats over time", async () => {
  await using simulator = await Simulator.start();
  await using bot = await startBot("echo", simulator, ["--no-inbox", "--rate-limit", `${RATE}`]);
  await simulator.pushMany(Array.from({ length: CHATS }, (_, i) => message(i + 1, "hello")));
  await callsOf(simulator, "sendMessage", CHATS);
  const times = simulator.calls.filter(({ method }) => method === "sendMessage").map(({ time }) => time);
  // The times are in whole milliseconds, and timers may be early by one.
  const least = ((CHATS - 1) * 1000) / RATE;
  assert.ok(times.at(-1)! - times[0]! >= least - 20, `${times.at(-1)! - times[0]!} ms for ${CHATS}`);
  assert.equal((await bot.end()).code, 0);
});
