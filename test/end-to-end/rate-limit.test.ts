import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { callsOf, message, startBotHere } from "./bot.ts";

const RATE = 20;
const CHATS = 15;

test("--rate-limit spreads calls to many chats over time", async () => {
  await using simulator = await Simulator.start();
  await using bot = await startBotHere("echo", simulator, ["--no-inbox", "--rate-limit", `${RATE}`]);
  const pushed = Date.now();
  await simulator.pushMany(Array.from({ length: CHATS }, (_, i) => message(i + 1, "hello")));
  await callsOf(simulator, "sendMessage", CHATS);
  const times = simulator.calls.filter(({ method }) => method === "sendMessage").map(({ time }) => time);
  // Counted from before the first call, which may take longer on its way than the last. Timers may be early by 1 ms.
  const least = ((CHATS - 1) * 1000) / RATE;
  const took = times.at(-1)! - pushed;
  assert.ok(took >= least - 20, `${took} ms for ${CHATS}`);
  assert.equal((await bot.end()).code, 0);
});

const READERS = 30;

for (const [command, what] of [
  ["/timer", "from a timer"],
  ["/bulk", "that is marked as bulk"],
]) {
  test(`a reply goes before what is left of a broadcast ${what}`, async () => {
    await using simulator = await Simulator.start();
    await using bot = await startBotHere("broadcasting", simulator, ["--no-inbox", "--rate-limit", `${RATE}`]);
    const joins = Array.from({ length: READERS }, (_, i) => message(1001 + i, "join"));
    await simulator.pushMany([...joins, message(1, command!)]);
    await callsOf(simulator, "sendMessage", 2);
    await simulator.pushMany([message(2, "hello")]);
    const calls = await callsOf(simulator, "sendMessage", READERS + 1);
    const place = calls.findIndex(({ text }) => text === "hello");
    assert.ok(place < READERS - 5, `the reply is number ${place} of ${calls.length}`);
    const readers = calls.filter(({ text }) => text === "news").map(({ chat_id }) => chat_id);
    assert.deepEqual(
      readers,
      joins.map((_, i) => 1001 + i),
    );
    assert.equal((await bot.end()).code, 0);
  });
}
