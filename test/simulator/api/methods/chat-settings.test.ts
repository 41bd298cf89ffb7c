/** Photo, permissions and sticker set of a chat; texts of tdlib, DialogManager.cpp, and Client.cpp. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";
import { pngHeader } from "../../png-header.ts";

async function withGroup() {
  const simulator = await Simulator.start();
  const group = await simulator.group("Team", { bot: "administrator" });
  const call = callerOf(simulator);
  const full = async () => (await call("getChat", { chat_id: group.id })).result;
  return { simulator, call, group, full, chat_id: group.id };
}

test("a photo is set, downloads, and is deleted", async () => {
  const { simulator, call, group, full, chat_id } = await withGroup();
  await using _ = simulator;
  const bytes = pngHeader(400, 400);
  assert.equal(verdict(await call("setChatPhoto", { chat_id, photo: new File([bytes], "x.png") })), "ok");
  const { photo } = await full();
  const { file_path } = (await call("getFile", { file_id: photo.big_file_id })).result;
  const download = await fetch(`${simulator.url}/file/bot${simulator.token}/${file_path}`);
  assert.deepEqual(await download.bytes(), bytes);
  assert.equal((await group.messages()).at(-1)?.new_chat_photo?.at(-1)?.width, 400);
  await call("deleteChatPhoto", { chat_id });
  assert.deepEqual([(await full()).photo, (await group.messages()).at(-1)?.delete_chat_photo], [undefined, true]);
});

test("a supergroup has a sticker set, a basic group has none", async () => {
  const { simulator, call, full, chat_id } = await withGroup();
  await using _ = simulator;
  await call("setChatStickerSet", { chat_id, sticker_set_name: "cats" });
  assert.equal((await full()).sticker_set_name, "cats");
  await call("deleteChatStickerSet", { chat_id });
  assert.equal((await full()).sticker_set_name, undefined);
  const basic = await simulator.group("Basic", { type: "group", bot: "administrator" });
  const refused = await call("setChatStickerSet", { chat_id: basic.id, sticker_set_name: "cats" });
  assert.equal(verdict(refused), "400 Bad Request: method is available only for supergroups");
});

test("what does not change is refused where Telegram refuses it", async () => {
  const { simulator, call, chat_id } = await withGroup();
  await using _ = simulator;
  await call("setChatDescription", { chat_id, description: "us" });
  const again = await call("setChatDescription", { chat_id, description: "us" });
  assert.equal(verdict(again), "400 Bad Request: chat description is not modified");
  const channel = await simulator.channel("News");
  const permissions = await call("setChatPermissions", { chat_id: channel.id, permissions: {} });
  assert.equal(verdict(permissions), "400 Bad Request: can't change channel chat permissions");
  assert.equal(
    verdict(await call("setChatTitle", { chat_id, title: " " })),
    "400 Bad Request: title must be non-empty",
  );
});
