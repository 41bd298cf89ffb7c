/** Every method of the Bot API, called with its required parameters only, returns its declared type. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Update } from "@grammyjs/types";
import { type SimulatedUser, Simulator } from "../../../simulator/index.ts";
import { methodSchema, objectSchema } from "../../../simulator/schemas.ts";
import { METHODS } from "../../../src/protocol/method-table.ts";
import { callerOf } from "../caller.ts";
import { pngHeader } from "../png-header.ts";

type Call = ReturnType<typeof callerOf>;

/** Has a user pay Stars, which gifts cost. */
async function fund(simulator: Simulator, call: Call, ann: SimulatedUser): Promise<string> {
  const invoice = { title: "Stars", description: "many", payload: "stars", currency: "XTR" };
  await call("sendInvoice", { chat_id: ann.id, ...invoice, prices: [{ label: "Stars", amount: 5000 }] });
  await call("getUpdates", { offset: simulator.pending + 1e9 });
  const link = await call("createInvoiceLink", {
    ...invoice,
    subscription_period: 2_592_000,
    prices: [{ label: "Stars", amount: 5000 }],
  });
  const paid = ann.pay(link.result);
  const updates: Update[] = (await call("getUpdates", { offset: -1, timeout: 5 })).result;
  await call("answerPreCheckoutQuery", { pre_checkout_query_id: updates.at(-1)?.pre_checkout_query?.id, ok: true });
  return (await paid)!.successful_payment!.telegram_payment_charge_id;
}

/** Creates the chats, messages and queries that the methods refer to. */
async function furnish(simulator: Simulator) {
  const call = callerOf(simulator);
  const [ann, bob, cid] = [await simulator.user("ann"), await simulator.user("bob"), await simulator.user("cid")];
  await ann.sendText("hello");
  const charge = await fund(simulator, call, ann);
  const group = await simulator.group("Team", { bot: "administrator" });
  const forum = await simulator.group("Forum", { bot: "administrator", forum: true });
  const channel = await simulator.channel("News");
  await ann.join(group);
  await bob.askToJoin(group);
  await cid.askToJoin(group);
  await (await simulator.user("dan")).askToJoin(group);
  const chat_id = group.id;
  const send = async (method: string, parameters: object) =>
    (await call(method, { chat_id, ...parameters })).result.message_id as number;
  const message_id = await send("sendMessage", { text: "here" });
  const photo = await send("sendPhoto", { photo: "file", caption: "there" });
  const poll = await send("sendPoll", { question: "Well?", options: [{ text: "yes" }, { text: "no" }] });
  const location = await send("sendLocation", { latitude: 1, longitude: 2 });
  const game = await send("sendGame", { game_short_name: "chess" });
  const buttons = { inline_keyboard: [[{ text: "Go", callback_data: "go" }]] };
  await send("sendMessage", { text: "Go?", reply_markup: buttons });
  const web_app = { inline_keyboard: [[{ text: "App", web_app: { url: "https://example.org" } }]] };
  await call("sendMessage", { chat_id: ann.id, text: "App?", reply_markup: web_app });
  const { web_app_query_id } = await ann.press("App");
  await call("pinChatMessage", { chat_id, message_id });
  const { callback_query_id } = await ann.press("Go", { chat: group });
  const { inline_query_id } = await ann.inlineQuery("what");
  const from = ann.user;
  const { id: business_connection_id } = await ann.connectBusiness({ stars: 100 });
  await ann.sendText("hi", { business: { id: business_connection_id } });
  const document = (await call("sendDocument", { chat_id, document: new File(["x"], "x.txt") })).result.document
    .file_id;
  const ephemeral_message_parameters = { receiver_user_id: ann.id };
  const whisper = await call("sendMessage", { chat_id, text: "psst", ephemeral_message_parameters });
  await simulator.pushMany([
    { guest_message: { message_id: 5, date: 1, from, chat: ann.chat.chat, text: "x", guest_query_id: "guest" } },
    { shipping_query: { id: "shipping", from, invoice_payload: "x" } },
    { pre_checkout_query: { id: "checkout", from, currency: "XTR", total_amount: 1, invoice_payload: "x" } },
  ]);
  const joining: Update[] = (await call("getUpdates", { limit: 100 })).result;
  const requests = joining.flatMap(({ chat_join_request }) =>
    chat_join_request === undefined ? [] : [chat_join_request],
  );
  const join_query = requests.at(-1)?.query_id;
  const { ephemeral_message_id } = whisper.result;
  const chats = { ann: ann.id, bob: bob.id, cid: cid.id, chat_id, forum: forum.id, channel: channel.id };
  const messages = { message_id, photo, poll, location, game, document, ephemeral_message_id };
  const queries = { callback_query_id, inline_query_id, web_app_query_id, business_connection_id, charge, join_query };
  return { ...chats, ...messages, ...queries };
}

const SET = "pack_by_simulated_bot";
const EMOJI_SET = "emoji_by_simulated_bot";
const PICTURE = () => new File([pngHeader(200, 200)], "photo.png");

test("every method returns its declared type, called with its required parameters", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const found = await furnish(simulator);
  const { chat_id, forum, channel, ann } = found;
  // biome-ignore lint/suspicious/noExplicitAny: results of any method
  const results: Record<string, any> = {};

  /** Values by the parameter's name; other parameters get a value by type. */
  const NAMED: Record<string, unknown> = {
    chat_id,
    from_chat_id: chat_id,
    user_id: ann,
    receiver_user_id: ann,
    sender_chat_id: chat_id,
    message_id: found.message_id,
    message_ids: [found.message_id],
    ephemeral_message_id: found.ephemeral_message_id,
    business_connection_id: found.business_connection_id,
    callback_query_id: found.callback_query_id,
    inline_query_id: found.inline_query_id,
    web_app_query_id: found.web_app_query_id,
    guest_query_id: "guest",
    shipping_query_id: "shipping",
    pre_checkout_query_id: "checkout",
    telegram_payment_charge_id: found.charge,
    file_id: found.document,
    gift_id: "5170145012310081615",
    chat_join_request_query_id: found.join_query,
    action: "typing",
    currency: "EUR",
    commands: [{ command: "start", description: "begins" }],
    checklist: { title: "To do", tasks: [{ id: 1, text: "this" }] },
    prices: [{ label: "it", amount: 5 }],
    options: [{ text: "yes" }, { text: "no" }],
    emoji_list: ["👍"],
    results: [],
    result: { type: "article", id: "1", title: "x", input_message_content: { message_text: "x" } },
    rich_message: { blocks: [{ type: "paragraph", text: "x" }] },
    error_message: "no",
  };
  const TYPED: Record<string, unknown> = {
    string: "x",
    number: 1,
    boolean: true,
    id: 1,
    file: "file",
    array: [],
    object: {},
  };
  const at = { chat_id, message_id: found.message_id };
  const inForum = { chat_id: forum };
  const topic = () => ({ ...inForum, message_thread_id: results.createForumTopic.message_thread_id });
  const sticker = (file_id: string) => ({ sticker: file_id, format: "static", emoji_list: ["🙂"] });
  const inSet = { name: SET, user_id: ann };
  const link = () => ({ invite_link: results.createChatInviteLink.invite_link });
  const gift = () => ({ owned_gift_id: results.getUserGifts.gifts[0].owned_gift_id });
  const story = () => ({ story_id: results.postStory.id });
  const photo = { photo: { type: "static", photo: "attach://file" }, file: PICTURE() };
  /** Parameters by method, where one of several optional ones is needed, or a thing of a certain kind. */
  const PARTICULAR: Record<string, object | (() => object)> = {
    sendMediaGroup: {
      media: [
        { type: "photo", media: "a" },
        { type: "video", media: "b", caption: "c" },
      ],
    },
    sendPaidMedia: { media: [{ type: "photo", media: "a" }] },
    sendChecklist: { chat_id: ann },
    editMessageChecklist: { chat_id: ann },
    editMessageText: { ...at, text: "new" },
    editMessageCaption: { chat_id, message_id: found.photo, caption: "new" },
    editMessageReplyMarkup: { ...at, reply_markup: { inline_keyboard: [[{ text: "x", url: "https://example.org" }]] } },
    editMessageMedia: { chat_id, message_id: found.photo, media: { type: "photo", media: "other" } },
    editMessageLiveLocation: { chat_id, message_id: found.location, latitude: 3, longitude: 4 },
    stopMessageLiveLocation: { chat_id, message_id: found.location },
    editEphemeralMessageText: { text: "new" },
    editEphemeralMessageMedia: { media: { type: "photo", media: "other" } },
    setGameScore: { chat_id, message_id: found.game },
    getGameHighScores: { chat_id, message_id: found.game },
    promoteChatMember: { can_pin_messages: true },
    setChatPhoto: { photo: PICTURE() },
    setChatDescription: { description: "new" },
    stopPoll: { message_id: found.poll },
    forwardMessage: { message_id: found.photo },
    unpinChatMessage: { message_id: found.message_id },
    setWebhook: { url: "https://example.org/hook" },
    approveChatJoinRequest: { user_id: found.bob },
    declineChatJoinRequest: { user_id: found.cid },
    answerChatJoinRequestQuery: { result: "approve" },
    editChatInviteLink: link,
    revokeChatInviteLink: link,
    createChatSubscriptionInviteLink: { chat_id: channel, subscription_period: 2_592_000 },
    editChatSubscriptionInviteLink: () => ({
      chat_id: channel,
      invite_link: results.createChatSubscriptionInviteLink.invite_link,
    }),
    deleteMessageReaction: { user_id: ann },
    deleteAllMessageReactions: { user_id: ann },
    ...Object.fromEntries(Object.keys(METHODS).flatMap((name) => (/Topic/.test(name) ? [[name, inForum]] : []))),
    ...Object.fromEntries(
      "editForumTopic closeForumTopic reopenForumTopic deleteForumTopic unpinAllForumTopicMessages"
        .split(" ")
        .map((name) => [name, topic]),
    ),
    editForumTopic: () => ({ ...topic(), name: "other" }),
    createNewStickerSet: { ...inSet, stickers: [sticker("a"), sticker("b"), sticker("c")] },
    addStickerToSet: { ...inSet, sticker: sticker("d") },
    setStickerPositionInSet: { sticker: "d", position: 0 },
    deleteStickerFromSet: { sticker: "c" },
    replaceStickerInSet: { ...inSet, old_sticker: "b", sticker: sticker("e") },
    setStickerEmojiList: { sticker: "a" },
    setStickerKeywords: { sticker: "a" },
    setStickerMaskPosition: { sticker: "a" },
    ...Object.fromEntries(
      "getStickerSet setStickerSetTitle setStickerSetThumbnail deleteStickerSet"
        .split(" ")
        .map((name) => [name, inSet]),
    ),
    setCustomEmojiStickerSetThumbnail: { name: EMOJI_SET },
    setChatStickerSet: { sticker_set_name: EMOJI_SET },
    setMyProfilePhoto: photo,
    setBusinessAccountProfilePhoto: photo,
    readBusinessMessage: () => ({ chat_id: ann, message_id: results.getMessages }),
    sendGift: { user_id: ann },
    giftPremiumSubscription: { month_count: 3, star_count: 1000 },
    convertGiftToStars: () => ({ owned_gift_id: results.getUserGifts.gifts[1].owned_gift_id }),
    upgradeGift: gift,
    transferGift: () => ({ ...gift(), new_owner_chat_id: found.bob }),
    postStory: { active_period: 86_400 },
    repostStory: () => ({ from_chat_id: ann, from_story_id: results.postStory.id, active_period: 86_400 }),
    editStory: story,
    deleteStory: story,
    answerShippingQuery: { ok: false, error_message: "no" },
    answerPreCheckoutQuery: { ok: false, error_message: "no" },
    deleteEphemeralMessage: {},
  };
  /** Methods after which the others would fail, and methods that others need. */
  const LAST = ["deleteForumTopic", "banChatMember", "deleteMessage", "deleteMessages", "setWebhook", "leaveChat"];
  const FIRST = ["createNewStickerSet", "sendGift", "getUserGifts"];

  const all = Object.keys(METHODS);
  assert.equal(all.length, 185);
  await call("createNewStickerSet", {
    ...{ user_id: ann, name: EMOJI_SET, title: "x", sticker_type: "custom_emoji" },
    stickers: [sticker("f")],
  });
  await call("sendGift", { user_id: ann, gift_id: NAMED.gift_id });
  results.getMessages = (await simulator.perform("messages", { chat_id: ann })).at(-1)?.message_id;
  const names = [...FIRST, ...all.filter((name) => ![...FIRST, ...LAST].includes(name)), ...LAST];
  for (const name of names) {
    const { parameters, result: type } = methodSchema(name)!;
    const required = parameters.filter((parameter) => parameter.required);
    const given = Object.fromEntries(required.map(({ name, type }) => [name, NAMED[name] ?? TYPED[type]]));
    // A business account's messages are in its own chat.
    if (given.business_connection_id !== undefined && given.chat_id !== undefined) given.chat_id = ann;
    if (name === "editMessageChecklist") {
      given.message_id = (await call("sendChecklist", { ...given, chat_id: ann })).result.message_id;
      given.checklist = { title: "Other", tasks: [] };
    }
    const particular = PARTICULAR[name];
    const reply = await call(name, { ...given, ...(typeof particular === "function" ? particular() : particular) });
    assert.ok(reply.ok, `${name} ${JSON.stringify(given)}: ${reply.description}`);
    assertType(reply.result, type, name);
    results[name] = reply.result;
  }
});

/** Fails unless the value has every required field of its type, and every field the right type. */
function assertType(value: unknown, type: string, where: string): void {
  // "either a String for plain text, an Array of RichText, or any of the following types"
  if (type === "RichText" && (typeof value === "string" || Array.isArray(value))) return;
  const fail = () => assert.fail(`${where} is ${JSON.stringify(value)}, not ${type}`);
  if (type.endsWith("[]")) {
    if (!Array.isArray(value)) return fail();
    for (const [at, item] of value.entries()) assertType(item, type.slice(0, -2), `${where}[${at}]`);
    return;
  }
  const alternatives = type.includes(" | ") ? type.split(" | ") : objectSchema(type)?.alternatives;
  if (alternatives !== undefined) {
    return alternatives.some((one) => isOf(value, one)) ? undefined : fail();
  }
  if (type === "true") return value === true ? undefined : fail();
  if (type.startsWith('"')) return JSON.stringify(value) === type ? undefined : fail();
  if (["string", "number", "boolean"].includes(type)) return typeof value === type ? undefined : fail();
  const schema = objectSchema(type);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fail();
  for (const field of schema?.fields ?? []) {
    const held = (value as Record<string, unknown>)[field.name];
    if (held !== undefined) assertType(held, field.type, `${where}.${field.name}`);
    else if (field.required) assert.fail(`${where} lacks ${field.name}: ${JSON.stringify(value)}`);
  }
}

function isOf(value: unknown, type: string): boolean {
  try {
    assertType(value, type, "");
    return true;
  } catch {
    return false;
  }
}
