import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";

test("getMe describes the bot", async () => {
  await using simulator = await Simulator.start({
    token: "42:abc",
    bot: { first_name: "Marvin", username: "marvin_bot" },
  });
  const { result } = await callerOf(simulator)("getMe");
  assert.deepEqual([result.id, result.is_bot, result.first_name, result.username], [42, true, "Marvin", "marvin_bot"]);
});

test("commands are kept by scope and language", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const commands = [{ command: "start", description: "begins" }];
  const scope = { type: "all_group_chats" };
  await call("setMyCommands", { commands, scope, language_code: "de" });
  assert.deepEqual((await call("getMyCommands", { scope, language_code: "de" })).result, commands);
  assert.deepEqual((await call("getMyCommands", { scope })).result, []);
  await call("deleteMyCommands", { scope, language_code: "de" });
  assert.deepEqual((await call("getMyCommands", { scope, language_code: "de" })).result, []);
  const wrong = await call("setMyCommands", { commands: [{ command: "No Spaces", description: "x" }] });
  assert.equal(verdict(wrong), "400 Bad Request: BOT_COMMAND_INVALID");
});

test("names and descriptions fall back to those for all languages", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  assert.deepEqual((await call("getMyName")).result, { name: "Bot" });
  await call("setMyName", { name: "Robot" });
  await call("setMyName", { name: "Roboter", language_code: "de" });
  assert.deepEqual((await call("getMyName", { language_code: "de" })).result, { name: "Roboter" });
  assert.deepEqual((await call("getMyName", { language_code: "fr" })).result, { name: "Robot" });
  await call("setMyDescription", { description: "Helps" });
  assert.deepEqual((await call("getMyDescription")).result, { description: "Helps" });
});

test("unknown files and business connections are refused", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const file = await call("getFile", { file_id: "x" });
  assert.equal(verdict(file), "400 Bad Request: wrong file_id or the file is temporarily unavailable");
  const connection = await call("getBusinessConnection", { business_connection_id: "x" });
  assert.equal(verdict(connection), "400 Bad Request: business connection not found");
});
