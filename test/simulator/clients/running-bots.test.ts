import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Simulator } from "../../../simulator/index.ts";
import { callerOf } from "../caller.ts";

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
