import assert from "node:assert/strict";
import { test } from "node:test";
import { Bot } from "grammy";
import type { FloodState } from "../../../simulator/flood/flood.ts";
import { Simulator } from "../../../simulator/index.ts";
import { callerOf } from "../caller.ts";
import { ServerEvents } from "../inspector/server-events.ts";

const watch = (simulator: Simulator) => ServerEvents.open(`${simulator.url}/simulator/inspector`);

test("people write at the rate until the time is over, and the bot's answers are measured", async () => {
  await using simulator = await Simulator.start();
  const bot = new Bot(simulator.token, { client: { apiRoot: simulator.url } });
  bot.on("message", (ctx) => ctx.reply(`You said ${ctx.message.text}`));
  await simulator.run(bot);
  await using events = await watch(simulator);
  await simulator.perform("flood", { people: 5, rate: 40, seconds: 2 });
  const over = await events.finds(() =>
    events.of<FloodState>("flood").findLast(({ isRunning, sent }) => !isRunning && sent > 0),
  );
  // A busy machine may be late, and then messages are left out.
  assert.ok(over.sent > 0 && over.sent <= 80, `${over.sent}`);
  assert.deepEqual(
    over.seconds.map(({ second }) => second),
    [1, 2],
  );
  await simulator.idle();
  const { sent, answered, waiting, seconds } = await simulator.perform("stopFlood", {});
  assert.equal(sent, over.sent);
  assert.equal(answered + waiting, sent);
  assert.equal(
    seconds.reduce((sum, one) => sum + one.answered, 0),
    answered,
  );
  const { p50, p99 } = seconds.find((one) => one.answered > 0)!;
  assert.ok(p50! >= 0 && p50! <= p99!);
  const names = (await simulator.callsOf("sendMessage")).map(({ parameters }) => parameters.chat_id);
  assert.equal(new Set(names).size, Math.min(5, sent));
});

test("messages that the bot does not answer wait; a flood can be stopped, and ends with the last page", async () => {
  await using simulator = await Simulator.start();
  {
    await using events = await watch(simulator);
    await simulator.perform("flood", { people: 1, rate: 100 });
    const silent = await events.finds(() =>
      events.of<FloodState>("flood").find(({ seconds }) => (seconds[0]?.sent ?? 0) > 0),
    );
    assert.equal(silent.waiting, silent.sent);
    assert.equal(silent.seconds[0]?.p50, undefined);
    assert.equal((await simulator.perform("stopFlood", {})).isRunning, false);
    await simulator.perform("flood", { people: 1, rate: 100 });
  }
  await using events = await watch(simulator);
  await events.finds(() => events.of<FloodState>("flood").some(({ isRunning }) => !isRunning));
});

test("a call to a chat answers its oldest message, and a further call answers none", async () => {
  await using simulator = await Simulator.start();
  const { id } = await simulator.user("Flood 1");
  await simulator.perform("flood", { people: 1, rate: 1, seconds: 3600 });
  await simulator.perform("events", { chat_id: id, timeout: 150_000 });
  const call = callerOf(simulator);
  for (let n = 0; n < 2; n++) await call("sendMessage", { chat_id: id, text: "x" });
  const { sent, answered } = await simulator.perform("stopFlood", {});
  assert.equal(answered, Math.min(2, sent));
});

test("figures out of range are refused", async () => {
  await using simulator = await Simulator.start();
  for (const [people, rate] of [
    [0, 1],
    [1.5, 1],
    [1, -1],
    [1, 1e9],
    [1e9, 1],
  ] as const) {
    await assert.rejects(simulator.perform("flood", { people, rate }), /people is|rate is/);
  }
});
