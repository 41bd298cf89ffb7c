import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { callsOf, message, startBotHere } from "./bot.ts";

test("busy() shows an action while the application blocks its thread, until the event's first message", async () => {
  await using simulator = await Simulator.start();
  await using bot = await startBotHere("telling", simulator, ["--no-inbox", "-w", "1"]);
  await simulator.pushMany([message(5, "block")]);
  await callsOf(simulator, "sendMessage", 1);
  const methods = simulator.calls.map(({ method }) => method).filter((method) => method.startsWith("send"));
  assert.deepEqual(methods, ["sendChatAction", "sendChatAction", "sendMessage"]);
  const [action] = await callsOf(simulator, "sendChatAction", 2);
  assert.deepEqual([action!.chat_id, action!.action], [5, "upload_video"]);
  assert.equal((await bot.end()).code, 0);
});
