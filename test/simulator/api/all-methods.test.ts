/** Every method of the Bot API, called with its required parameters only, returns its declared type. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../simulator/index.ts";
import { methodSchema, objectSchema } from "../../../simulator/schemas.ts";
import { METHODS } from "../../../src/protocol/method-table.ts";
import { callerOf } from "../caller.ts";
import { pngHeader } from "../png-header.ts";

const BUSINESS = "business1";

/** Creates the chats, messages and queries that the methods refer to. */
async function furnish(simulator: Simulator) {
  const call = callerOf(simulator);
  const ann = await simulator.user("ann");
  await ann.sendText("hello");
  const group = await simulator.group("Team");
  await ann.join(group);
  await group.promoteBot(ann);
  const chat_id = group.id;
  const topic = { name: "Cakes", icon_color: 7322096 };
  const forum = { ...group.chat, is_forum: true };
  await simulator.push({
    message: { message_id: 7, from: ann.user, chat: forum, date: 1, forum_topic_created: topic },
  });
  const send = async (method: string, parameters: object) =>
    (await call(method, { chat_id, ...parameters })).result.message_id as number;
  const message_id = await send("sendMessage", { text: "here" });
  const photo = await send("sendPhoto", { photo: "file", caption: "there" });
  const poll = await send("sendPoll", { question: "Well?", options: [{ text: "yes" }, { text: "no" }] });
  const location = await send("sendLocation", { latitude: 1, longitude: 2 });
  const buttons = { inline_keyboard: [[{ text: "Go", callback_data: "go" }]] };
  await send("sendMessage", { text: "Go?", reply_markup: buttons });
  await call("pinChatMessage", { chat_id, message_id });
  const { callback_query_id } = await ann.press("Go", { chat: group });
  const { inline_query_id } = await ann.inlineQuery("what");
  const from = ann.user;
  const connection = { id: BUSINESS, user: from, user_chat_id: ann.id, date: 1, is_enabled: true };
  const business = { message_id: 1, from, chat: ann.chat.chat, date: 1, text: "hi", business_connection_id: BUSINESS };
  await simulator.pushMany([
    { business_connection: connection },
    { business_message: business },
    { shipping_query: { id: "shipping", from, invoice_payload: "x" } },
    { pre_checkout_query: { id: "checkout", from, currency: "XTR", total_amount: 1, invoice_payload: "x" } },
  ]);
  return { ann: ann.id, chat_id, message_id, photo, poll, location, callback_query_id, inline_query_id };
}

test("every method returns its declared type, called with its required parameters", async () => {
  await using simulator = await Simulator.start();
  const call = callerOf(simulator);
  const upload = callerOf(simulator);
  const found = await furnish(simulator);

  /** Values by the parameter's name; other parameters get a value by type. */
  const NAMED: Record<string, unknown> = {
    chat_id: found.chat_id,
    from_chat_id: found.chat_id,
    user_id: found.ann,
    sender_chat_id: found.chat_id,
    message_id: found.message_id,
    message_ids: [found.message_id],
    business_connection_id: BUSINESS,
    callback_query_id: found.callback_query_id,
    inline_query_id: found.inline_query_id,
    shipping_query_id: "shipping",
    pre_checkout_query_id: "checkout",
    file_id: "file",
    action: "typing",
    currency: "EUR",
    commands: [{ command: "start", description: "begins" }],
    checklist: { title: "To do", tasks: [{ id: 1, text: "this" }] },
    prices: [{ label: "it", amount: 5 }],
    options: [{ text: "yes" }, { text: "no" }],
    emoji_list: ["👍"],
    results: [],
    result: { type: "article", id: "1", title: "it", input_message_content: { message_text: "this" } },
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
  /** Parameters by method, where one of several optional ones is needed, or a message of a certain kind. */
  const PARTICULAR: Record<string, object> = {
    sendMediaGroup: {
      media: [
        { type: "photo", media: "a" },
        { type: "video", media: "b", caption: "c" },
      ],
    },
    sendPaidMedia: { media: [{ type: "photo", media: "a" }] },
    sendChecklist: { chat_id: found.ann },
    editMessageChecklist: { chat_id: found.ann },
    editMessageText: { chat_id: found.chat_id, message_id: found.message_id, text: "new" },
    editMessageCaption: { chat_id: found.chat_id, message_id: found.photo, caption: "new" },
    editMessageReplyMarkup: {
      chat_id: found.chat_id,
      message_id: found.message_id,
      reply_markup: { inline_keyboard: [[{ text: "x", url: "https://example.org" }]] },
    },
    editMessageMedia: { chat_id: found.chat_id, message_id: found.photo, media: { type: "photo", media: "other" } },
    editMessageLiveLocation: { chat_id: found.chat_id, message_id: found.location, latitude: 3, longitude: 4 },
    stopMessageLiveLocation: { chat_id: found.chat_id, message_id: found.location },
    setGameScore: { chat_id: found.chat_id, message_id: found.message_id },
    promoteChatMember: { can_pin_messages: true },
    stopPoll: { message_id: found.poll },
    forwardMessage: { message_id: found.photo },
    unpinChatMessage: { message_id: found.message_id },
    answerShippingQuery: { shipping_options: [{ id: "1", title: "by post", prices: [{ label: "it", amount: 5 }] }] },
    setWebhook: { url: "https://example.org/hook" },
    setChatDescription: { description: "about it" },
    deleteMessageReaction: { user_id: found.ann },
    deleteAllMessageReactions: { user_id: found.ann },
    setChatPhoto: { photo: new File([pngHeader(640, 480)], "photo.png") },
  };
  /** Methods that take uploads only. */
  const UPLOADS = ["setChatPhoto"];
  /** Methods after which the others would fail. */
  const LAST = ["banChatMember", "deleteMessage", "deleteMessages", "setWebhook", "leaveChat"];

  const names = Object.keys(METHODS).filter((name) => !LAST.includes(name));
  assert.equal(names.length + LAST.length, 185);
  for (const name of [...names, ...LAST]) {
    const { parameters, result: type } = methodSchema(name)!;
    const required = parameters.filter((parameter) => parameter.required);
    const given = Object.fromEntries(required.map(({ name, type }) => [name, NAMED[name] ?? TYPED[type]]));
    // A business account's messages are in its own chat.
    if (given.business_connection_id !== undefined && given.chat_id !== undefined) given.chat_id = found.ann;
    if (name === "editMessageChecklist") {
      given.message_id = (await call("sendChecklist", { ...given, ...PARTICULAR.sendChecklist })).result.message_id;
      given.checklist = { title: "Other", tasks: [] };
    }
    const reply = await (UPLOADS.includes(name) ? upload : call)(name, { ...given, ...PARTICULAR[name] });
    assert.ok(reply.ok, `${name} ${JSON.stringify(given)}: ${reply.description}`);
    assertType(reply.result, type, name);
  }
});

/** Fails unless the value has every required field of its type, and every field the right type. */
function assertType(value: unknown, type: string, where: string): void {
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
