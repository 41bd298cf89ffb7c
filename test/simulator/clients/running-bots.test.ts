import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Simulator } from "../../../simulator/index.ts";
import { arrived, callerOf } from "../caller.ts";

/** A bot that polls until the signal, and calls `act` for each text. */
const polling =
  (simulator: Simulator, act: (text: string, chat_id: number) => Promise<unknown>) =>
  async (signal: AbortSignal): Promise<void> => {
    const call = callerOf(simulator);
    for (let offset = 0; !signal.aborted; ) {
      const { result } = await call("getUpdates", { offset, timeout: 50 }, signal).catch(() => ({ result: [] }));
      for (const { update_id, message } of result) {
        offset = update_id + 1;
        await act(message.text, message.chat.id);
      }
    }
  };

test("a bot is a function that runs until the end of the simulator", async () => {
  let isOver = false;
  {
    await using simulator = await Simulator.start();
    const call = callerOf(simulator);
    const echo = polling(simulator, (text, chat_id) => call("sendMessage", { chat_id, text }));
    await simulator.run((signal) => echo(signal).finally(() => (isOver = true)));
    assert.equal(simulator.calls[0]?.method, "getUpdates");
    const ann = await simulator.user("Ann");
    await ann.sendText("hi");
    await ann.receives("hi");
  }
  assert.ok(isOver);
});

test("a start that fails, fails run()", async () => {
  await using simulator = await Simulator.start();
  const failing = async () => Promise.reject(new TypeError("no token"));
  await assert.rejects(simulator.run(failing), /the bot has ended: TypeError: no token/);
});

test("an expectation that waits fails with the error of the bot, which is its cause", async () => {
  await using simulator = await Simulator.start();
  const error = new TypeError("x is not a function");
  await simulator.run(polling(simulator, () => Promise.reject(error)));
  const ann = await simulator.user("Ann");
  await ann.sendText("hi");
  await assert.rejects(ann.receives("hi"), {
    message: "the bot has ended: TypeError: x is not a function",
    cause: error,
  });
  await assert.rejects(simulator.idle(), /x is not a function/);
});

test("an error that no expectation had fails the end of the simulator", async () => {
  const simulator = await Simulator.start();
  const failed = Promise.withResolvers<void>();
  await simulator.run((signal) =>
    polling(simulator, () => Promise.reject(new Error("unseen")))(signal).finally(() => failed.resolve()),
  );
  await (await simulator.user("Ann")).sendText("hi");
  await failed.promise;
  await setImmediate();
  await assert.rejects(simulator.close(), /the bot has ended: Error: unseen/);
});

test("a bot that runs already is asked whether it is idle, and stopped", async () => {
  const told: string[] = [];
  {
    await using simulator = await Simulator.start();
    const call = callerOf(simulator);
    await call("getUpdates");
    const closed = Promise.withResolvers<void>();
    const server = {
      start: () => told.push("start"),
      closed: closed.promise,
      idle: async () => told.push("idle"),
      stop: async () => {
        told.push("stop");
        closed.resolve();
      },
    };
    await simulator.run(Promise.resolve(server));
    await simulator.idle();
  }
  assert.deepEqual(told, ["idle", "stop"]);
});

test("a bot that does not ask for updates fails run() with the address to use, and is stopped", async () => {
  await using simulator = await Simulator.start();
  const elsewhere = Promise.withResolvers<AbortSignal>();
  const lost = (signal: AbortSignal) => {
    elsewhere.resolve(signal);
    return new Promise(() => {});
  };
  await assert.rejects(simulator.run(lost, { timeout: 20 }), {
    name: "AssertionError",
    message: new RegExp(
      `^the bot has not asked for updates within 20 ms\nno bot has asked for updates: it must use the URL ${simulator.url}`,
    ),
  });
  assert.ok((await elsewhere.promise).aborted);
});

test("a bot that is given too late fails run(), and is stopped when it comes", async () => {
  await using simulator = await Simulator.start();
  const given = Promise.withResolvers<{ stop(): void }>();
  await assert.rejects(simulator.run(given.promise, { timeout: 20 }), /has not asked for updates within 20 ms/);
  await new Promise<void>((stop) => given.resolve({ stop }));
});

test("a bot that hangs fails expectations at their timeout", async () => {
  await using simulator = await Simulator.start();
  const ending = new AbortController();
  const ended = Promise.withResolvers<never>();
  let hangs = false;
  const polls = polling(simulator, async () => (hangs = true))(ending.signal);
  await arrived(simulator);
  const idle = async () => (hangs ? await new Promise(() => {}) : true);
  await simulator.run({ stop: () => ending.abort(), closed: ended.promise, idle });
  await simulator.idle();
  const ann = await simulator.user("Ann");
  await ann.sendText("hi");
  // The bot has not got the update yet.
  await assert.rejects(simulator.idle({ timeout: 100 }), /^AssertionError.*: the bot is not idle after 100 ms: /);
  await simulator.confirmed();
  const hanging = /^AssertionError.*: the bot is not idle after 1000 ms: its method idle\(\) has not resolved\n/;
  await assert.rejects(ann.receivesNothing({ timeout: 1000 }), hanging);
  const waiting = assert.rejects(simulator.idle(), /the bot has ended: Error: crashed/);
  ended.reject(new Error("crashed"));
  await waiting;
  ending.abort();
  await polls;
});

test("a bot that hangs does not keep the simulator from its end", async () => {
  const simulator = await Simulator.start();
  const stopped = Promise.withResolvers<void>();
  const call = callerOf(simulator);
  await simulator.run(async (signal) => {
    signal.addEventListener("abort", () => stopped.resolve());
    await call("getUpdates");
    await new Promise(() => {});
  });
  await simulator.close();
  await stopped.promise;
});

test("a hundred worlds live in one process", async () => {
  const worlds = await Promise.all(Array.from({ length: 100 }, () => Simulator.start()));
  await Promise.all(
    worlds.map(async (simulator, i) => {
      const ann = await simulator.user("Ann");
      await ann.sendText("hi");
      await callerOf(simulator)("sendMessage", { chat_id: ann.id, text: String(i) });
      await ann.receives(String(i));
      assert.equal((await ann.received()).length, 1);
    }),
  );
  await Promise.all(worlds.map((simulator) => simulator.close()));
});
