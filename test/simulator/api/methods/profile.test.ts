import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";
import { pngHeader } from "../../png-header.ts";

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
  assert.deepEqual((await call("getMe")).result.first_name, "Robot");
  await call("setMyName");
  assert.deepEqual((await call("getMe")).result.first_name, "Bot");
  await call("setMyDescription", { description: "Helps" });
  assert.deepEqual((await call("getMyDescription")).result, { description: "Helps" });
});

// Client.cpp: chatAdministratorRights are all false until they are set.
test("default rights of administrators are false until they are set, by type of chat", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const rights = async (more: object = {}) => (await call("getMyDefaultAdministratorRights", more)).result;
  assert.ok(Object.values(await rights()).every((right) => right === false));
  assert.deepEqual(
    ["can_post_messages" in (await rights()), "can_post_messages" in (await rights({ for_channels: true }))],
    [false, true],
  );
  await call("setMyDefaultAdministratorRights", { rights: { can_pin_messages: true } });
  assert.equal((await rights()).can_pin_messages, true);
});

test("the bot's own photo is uploaded, listed, and removed", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const photo = { type: "static", photo: "attach://file" };
  await call("setMyProfilePhoto", { photo, file: new File([pngHeader(300, 300)], "x.png") });
  const photos = async () => (await call("getUserProfilePhotos", { user_id: simulator.bot.id })).result;
  assert.deepEqual([(await photos()).total_count, (await photos()).photos[0].at(-1).width], [1, 300]);
  await call("removeMyProfilePhoto");
  assert.equal((await photos()).total_count, 0);
  const reused = await call("setMyProfilePhoto", { photo: { type: "static", photo: "file" } });
  assert.equal(verdict(reused), "400 Bad Request: profile photo must be uploaded as a new file");
});

// Client.cpp, answer_query: the description of setWebhook and deleteWebhook.
test("a reply about the webhook has a description beside its result", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const said = async (method: string, parameters: object = {}) => {
    const { ok, result, description } = await call(method, parameters);
    assert.deepEqual([ok, result], [true, true]);
    return description;
  };
  const url = "https://example.org/hook";
  assert.equal(await said("setWebhook", { url }), "Webhook was set");
  assert.equal(await said("setWebhook", { url }), "Webhook is already set");
  assert.equal(await said("deleteWebhook"), "Webhook was deleted");
  assert.equal(await said("deleteWebhook"), "Webhook is already deleted");
});

test("unknown files and business connections are refused", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const file = await call("getFile", { file_id: "x" });
  assert.equal(verdict(file), "400 Bad Request: wrong file_id or the file is temporarily unavailable");
  const connection = await call("getBusinessConnection", { business_connection_id: "x" });
  assert.equal(verdict(connection), "400 Bad Request: business connection not found");
});
