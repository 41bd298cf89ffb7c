/** Business accounts, their gifts and stories: Bot API, BusinessConnection; Client.cpp (`check_business_connection`). */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type BusinessRights, Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";
import { pngHeader } from "../../png-header.ts";
import { receiver } from "../../received.ts";

async function connected(rights?: BusinessRights) {
  const simulator = await Simulator.start();
  const call = callerOf(simulator);
  const [shop, ann] = [await simulator.user("shop"), await simulator.user("ann")];
  const business = await shop.connectBusiness({ stars: 30, ...(rights && { rights }) });
  const received = receiver(call);
  const at = { business_connection_id: business.id };
  return { simulator, call, shop, ann, business, received, at };
}

test("a customer's message arrives, and the bot answers for the account", async () => {
  const { simulator, call, ann, business, received, at } = await connected();
  await using _ = simulator;
  const message = await ann.sendText("open?", { business });
  const [connection, update] = await received();
  assert.deepEqual(connection?.business_connection, business);
  assert.deepEqual(update?.business_message, message);
  assert.deepEqual((await call("getBusinessConnection", at)).result, business);
  const { result: answer } = await call("sendMessage", { ...at, chat_id: ann.id, text: "yes" });
  assert.equal(answer.business_connection_id, business.id);
  const read = { ...at, chat_id: ann.id, message_id: message.message_id };
  assert.equal(verdict(await call("readBusinessMessage", read)), "ok");
  assert.equal(verdict(await call("deleteBusinessMessages", { ...at, message_ids: [message.message_id] })), "ok");
  assert.equal(verdict(await call("readBusinessMessage", read)), "400 Bad Request: MESSAGE_ID_INVALID");
});

test("an unknown connection is refused, and so is what its owner has not allowed", async () => {
  const { simulator, call, ann, at } = await connected({ can_reply: true });
  await using _ = simulator;
  const unknown = { business_connection_id: "x" };
  const notFound = "400 Bad Request: business connection not found";
  assert.equal(verdict(await call("sendMessage", { ...unknown, chat_id: ann.id, text: "x" })), notFound);
  assert.equal(verdict(await call("getBusinessConnection", unknown)), notFound);
  const name = await call("setBusinessAccountName", { ...at, first_name: "Shop" });
  assert.equal(verdict(name), "400 Bad Request: BOT_ACCESS_FORBIDDEN");
});

test("name, username, bio and photo of the account are kept, and shown", async () => {
  const { simulator, call, shop, at } = await connected();
  await using _ = simulator;
  await call("setBusinessAccountName", { ...at, first_name: "Best", last_name: "Shop" });
  await call("setBusinessAccountUsername", { ...at, username: "bestshop" });
  await call("setBusinessAccountBio", { ...at, bio: "cats" });
  const { first_name, last_name, username, bio } = (await call("getChat", { chat_id: shop.id })).result;
  assert.deepEqual([first_name, last_name, username, bio], ["Best", "Shop", "bestshop", "cats"]);
  const photo = { type: "static", photo: "attach://file" };
  await call("setBusinessAccountProfilePhoto", { ...at, photo, file: new File([pngHeader(200, 200)], "x.png") });
  assert.equal((await call("getUserProfilePhotos", { user_id: shop.id })).result.total_count, 1);
  await call("removeBusinessAccountProfilePhoto", at);
  assert.equal((await call("getUserProfilePhotos", { user_id: shop.id })).result.total_count, 0);
});

test("Stars of the account go to the bot, which buys gifts with them", async () => {
  const { simulator, call, shop, ann, at } = await connected();
  await using _ = simulator;
  const [gift] = (await call("getAvailableGifts")).result.gifts;
  const send = async () => verdict(await call("sendGift", { user_id: shop.id, gift_id: gift.id, text: "for you" }));
  assert.equal(await send(), "400 Bad Request: BALANCE_TOO_LOW");
  await call("transferBusinessAccountStars", { ...at, star_count: 20 });
  assert.equal(await send(), "ok");
  assert.deepEqual((await call("getMyStarBalance")).result, { amount: 20 - gift.star_count });
  const owned = async (user_id: number) => (await call("getUserGifts", { user_id })).result.gifts;
  const [{ owned_gift_id, text, type }] = await owned(shop.id);
  assert.deepEqual([type, text], ["regular", "for you"]);
  const transfer = { ...at, owned_gift_id, new_owner_chat_id: ann.id };
  assert.equal(verdict(await call("transferGift", transfer)), "400 Bad Request: STARGIFT_TRANSFER_INVALID");
  await call("upgradeGift", { ...at, owned_gift_id });
  assert.equal((await call("getBusinessAccountGifts", at)).result.gifts[0].type, "unique");
  await call("transferGift", transfer);
  assert.deepEqual([(await owned(shop.id)).length, (await owned(ann.id)).length], [0, 1]);
  assert.deepEqual((await call("getBusinessAccountStarBalance", at)).result, { amount: 10 });
});

test("a gift is converted to the account's Stars", async () => {
  const { simulator, call, shop, at } = await connected();
  await using _ = simulator;
  await call("transferBusinessAccountStars", { ...at, star_count: 30 });
  const [gift] = (await call("getAvailableGifts")).result.gifts;
  await call("sendGift", { user_id: shop.id, gift_id: gift.id });
  const [{ owned_gift_id, convert_star_count }] = (await call("getUserGifts", { user_id: shop.id })).result.gifts;
  await call("convertGiftToStars", { ...at, owned_gift_id });
  assert.deepEqual((await call("getBusinessAccountStarBalance", at)).result, { amount: convert_star_count });
});

test("a story is posted, reposted, edited and deleted once", async () => {
  const { simulator, call, shop, at } = await connected();
  await using _ = simulator;
  const content = { type: "photo", photo: "x" };
  const { result: story } = await call("postStory", { ...at, content, active_period: 86_400, caption: "cat" });
  assert.equal(story.chat.id, shop.id);
  const from = { from_chat_id: shop.id, from_story_id: story.id, active_period: 86_400 };
  assert.notEqual((await call("repostStory", { ...at, ...from })).result.id, story.id);
  assert.equal((await call("editStory", { ...at, story_id: story.id, content })).result.id, story.id);
  assert.equal((await call("deleteStory", { ...at, story_id: story.id })).result, true);
  assert.equal(verdict(await call("deleteStory", { ...at, story_id: story.id })), "400 Bad Request: STORY_ID_INVALID");
});
