/** Sticker sets: Bot API, createNewStickerSet and its siblings. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Sticker } from "@grammyjs/types";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";

const sticker = (id: string, emoji: string) => ({ sticker: id, format: "static", emoji_list: [emoji] });

async function withSet(more: object = {}) {
  const simulator = await Simulator.start();
  const call = callerOf(simulator);
  const { id: user_id } = await simulator.user("ann");
  const set = { user_id, name: "cats_by_simulated_bot" };
  const created = await call("createNewStickerSet", {
    ...set,
    title: "Cats",
    stickers: [sticker("a", "🐈"), sticker("b", "🐱")],
    ...more,
  });
  assert.equal(verdict(created), "ok");
  const emojis = async () => (await call("getStickerSet", set)).result.stickers.map(({ emoji }: Sticker) => emoji);
  return { simulator, call, set, emojis };
}

test("a set is kept with its stickers, which are added, moved, replaced and deleted", async () => {
  const { simulator, call, set, emojis } = await withSet();
  await using _ = simulator;
  const { result } = await call("getStickerSet", { name: "CATS_by_simulated_bot" });
  assert.deepEqual([result.title, result.sticker_type, result.stickers[0].set_name], ["Cats", "regular", set.name]);
  await call("addStickerToSet", { ...set, sticker: sticker("c", "😺") });
  assert.deepEqual(await emojis(), ["🐈", "🐱", "😺"]);
  await call("setStickerPositionInSet", { sticker: "c", position: 0 });
  assert.deepEqual(await emojis(), ["😺", "🐈", "🐱"]);
  await call("replaceStickerInSet", { ...set, old_sticker: "a", sticker: sticker("d", "🐶") });
  await call("setStickerEmojiList", { sticker: "c", emoji_list: ["😸", "😹"] });
  await call("deleteStickerFromSet", { sticker: "b" });
  assert.deepEqual(await emojis(), ["😸", "🐶"]);
  await call("setStickerSetTitle", { ...set, title: "Pets" });
  assert.equal((await call("getStickerSet", set)).result.title, "Pets");
  await call("deleteStickerSet", set);
  assert.equal(verdict(await call("getStickerSet", set)), "400 Bad Request: STICKERSET_INVALID");
});

test("a custom emoji is found by its id", async () => {
  const { simulator, call, set } = await withSet({ sticker_type: "custom_emoji" });
  await using _ = simulator;
  const [{ custom_emoji_id }] = (await call("getStickerSet", set)).result.stickers;
  const { result } = await call("getCustomEmojiStickers", { custom_emoji_ids: [custom_emoji_id, "404"] });
  assert.deepEqual(
    result.map(({ file_id }: Sticker) => file_id),
    ["a"],
  );
});

// "Must begin with a letter … and must end in _by_<bot_username>"; Client.cpp has the texts.
test("a name must be free, and end with the bot's", async () => {
  const { simulator, call, set } = await withSet();
  await using _ = simulator;
  const create = async (name: string) =>
    verdict(await call("createNewStickerSet", { ...set, name, title: "x", stickers: [sticker("a", "🐈")] }));
  assert.equal(await create("cats"), "400 Bad Request: invalid sticker set name is specified");
  assert.equal(await create(set.name), "400 Bad Request: sticker set name is already occupied");
});
