import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { Simulator } from "../../simulator/index.ts";
import { Folder } from "../folder.ts";
import { BotHere, callsOf, message } from "./bot.ts";

test("busy() shows an action while the application blocks its thread, until the event's first message", async () => {
  await using simulator = await Simulator.start();
  using folder = new Folder();
  const gate = folder.write("gate", "");
  await using bot = new BotHere("apps/telling.ts", simulator, ["--no-inbox", "-w", "1"], { env: { GATE: gate } });
  await bot.process.says("serving");
  await simulator.pushMany([message(5, "block")]);
  const [action] = await callsOf(simulator, "sendChatAction", 2);
  rmSync(gate);
  await callsOf(simulator, "sendMessage", 1);
  assert.deepEqual([action!.chat_id, action!.action], [5, "upload_video"]);
  assert.equal((await bot.end()).code, 0);
  const methods = simulator.calls.map(({ method }) => method).filter((method) => method.startsWith("send"));
  assert.deepEqual(methods, [...methods.slice(1).map(() => "sendChatAction"), "sendMessage"]);
});
