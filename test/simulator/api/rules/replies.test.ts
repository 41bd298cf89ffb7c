/** Replies, quotes and topics: `Client::check_reply_parameters`, `Client::check_message_topic`, MessageQuote.cpp. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { furnished } from "../refusals.ts";

test("a quote is a part of the message, and has its place, the one nearest to the given", async () => {
  const { simulator, ann, call, chats, refused } = await furnished();
  await using _ = simulator;
  const { message_id } = await ann.sendText("🍵 tea, more tea and cake");
  const quote = async (reply: object) =>
    (await call("sendMessage", { chat_id: chats.private, text: "x", reply_parameters: { message_id, ...reply } }))
      .result.quote;
  assert.deepEqual(await quote({ quote: "tea" }), { text: "tea", position: 3, is_manual: true });
  assert.equal((await quote({ quote: "tea", quote_position: 11 })).position, 13);
  assert.deepEqual(await quote({ quote: "<b>cake</b>", quote_parse_mode: "HTML" }), {
    text: "cake",
    entities: [{ type: "bold", offset: 0, length: 4 }],
    position: 21,
    is_manual: true,
  });
  assert.equal(await quote({}), undefined);
  const lost = { text: "x", reply_parameters: { message_id, quote: "coffee" } };
  assert.equal(await refused("sendMessage", lost), "QUOTE_TEXT_INVALID");
  const broken = { text: "x", reply_parameters: { message_id, quote: "<b", quote_parse_mode: "HTML" }, chat_id: 5 };
  assert.match(await refused("sendMessage", broken), /^can't parse entities/);
});

test("the shape of reply parameters", async () => {
  const { simulator, ann, refused } = await furnished();
  await using _ = simulator;
  const { message_id } = await ann.sendText("hi");
  const reply = (reply_parameters: unknown) => refused("sendMessage", { text: "x", reply_parameters });
  assert.equal(await reply([]), "object expected as reply parameters");
  assert.equal(await reply("{"), "can't parse reply parameters JSON object");
  assert.equal(await reply({ quote: "x" }), `can't find field "message_id"`);
  assert.equal(await reply({ message_id: "first" }), 'field "message_id" must be a valid Number');
  for (const none of [{}, { message_id: 0 }, { message_id: String(message_id) }]) assert.equal(await reply(none), "ok");
});

test("a message of another chat is answered from outside", async () => {
  const { simulator, ann, call, chats, refused } = await furnished();
  await using _ = simulator;
  const { result: post } = await call("sendPhoto", { chat_id: chats.channel, photo: "file", caption: "big news" });
  const reply = async (reply_parameters: object) =>
    (await call("sendMessage", { chat_id: chats.private, text: "x", reply_parameters })).result;
  const { external_reply, reply_to_message, quote } = await reply({
    message_id: post.message_id,
    chat_id: String(chats.channel),
    quote: "news",
  });
  assert.deepEqual([reply_to_message, quote.position], [undefined, 4]);
  assert.equal(external_reply.origin.type, "channel");
  assert.deepEqual([external_reply.chat.title, external_reply.message_id], ["News", post.message_id]);
  assert.deepEqual(external_reply.photo, post.photo);
  const { message_id } = await ann.sendText("hi");
  const own = await reply({ message_id, chat_id: chats.private });
  assert.equal(own.reply_to_message.text, "hi");
  const elsewhere = (chat_id: unknown) =>
    refused("sendMessage", { text: "x", reply_parameters: { message_id: 77, chat_id } });
  assert.equal(await elsewhere(5), "chat not found");
  assert.equal(await elsewhere(chats.supergroup), "message to be replied not found");
});

test("a topic is one of a forum; a group without topics ignores it", async () => {
  const { simulator, ann, call, chats, refused } = await furnished();
  await using _ = simulator;
  const there = { chat_id: chats.supergroup, message_thread_id: 7, text: "x" };
  const plain = (await call("sendMessage", there)).result;
  assert.deepEqual([plain.message_thread_id, plain.is_topic_message], [undefined, undefined]);
  assert.equal(await refused("sendMessage", { text: "x", message_thread_id: 7 }), "message thread not found");
  for (const method of ["createForumTopic", "editForumTopic", "closeForumTopic", "hideGeneralForumTopic"]) {
    const parameters = { ...there, name: "Cakes" };
    assert.equal(await refused(method, parameters), "the chat is not a forum", method);
  }
  const chat = { ...(await simulator.group("Large")).chat, is_forum: true as const, type: "supergroup" as const };
  const forum_topic_created = { name: "Cakes", icon_color: 7322096 };
  await simulator.push({ message: { message_id: 7, from: ann.user, chat, date: 1, forum_topic_created } } as never);
  const inTopic = (await call("sendMessage", there)).result;
  assert.deepEqual([inTopic.message_thread_id, inTopic.is_topic_message], [7, true]);
  for (const message_thread_id of [1, 8]) {
    assert.equal(await refused("sendMessage", { ...there, message_thread_id }), "message thread not found");
  }
});
