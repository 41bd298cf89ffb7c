/** Topics: Bot API, createForumTopic and its siblings; rights and texts of tdlib, ForumTopicManager.cpp. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../../../simulator/index.ts";
import { callerOf, verdict } from "../../caller.ts";
import { receiver } from "../../received.ts";

async function withForum(bot: object = { can_manage_topics: true }) {
  const simulator = await Simulator.start();
  const call = callerOf(simulator);
  const ann = await simulator.user("ann");
  const forum = await simulator.group("Forum", { forum: true, bot });
  await ann.join(forum);
  const received = receiver(call);
  await received();
  return { simulator, call, ann, forum, received, chat_id: forum.id };
}

test("a topic's thread is the id of the message about its creation, which the bot gets", async () => {
  const { simulator, call, received, chat_id } = await withForum();
  await using _ = simulator;
  const { result: topic } = await call("createForumTopic", { chat_id, name: "Cats", icon_color: 0xffd67e });
  const [created] = await received();
  assert.equal(created?.message?.message_id, topic.message_thread_id);
  assert.deepEqual(created?.message?.forum_topic_created, { name: "Cats", icon_color: 0xffd67e });
  assert.equal((await call("getChat", { chat_id })).result.is_forum, true);
  const at = { chat_id, message_thread_id: topic.message_thread_id };
  const { result: message } = await call("sendMessage", { ...at, text: "meow" });
  assert.deepEqual([message.message_thread_id, message.is_topic_message], [topic.message_thread_id, true]);
  const reply_parameters = { message_id: message.message_id };
  const { result: reply } = await call("sendMessage", { chat_id, text: "purr", reply_parameters });
  assert.equal(reply.message_thread_id, topic.message_thread_id);
});

test("a topic is edited, closed, reopened and deleted, each with its service message", async () => {
  const { simulator, call, ann, forum, received, chat_id } = await withForum();
  await using _ = simulator;
  const { message_thread_id } = (await call("createForumTopic", { chat_id, name: "Cats" })).result;
  const at = { chat_id, message_thread_id };
  const kinds = async () =>
    (await received()).flatMap(({ message }) =>
      Object.keys(message!).filter((key) => /topic_/.test(key) && key !== "is_topic_message"),
    );
  assert.deepEqual(await kinds(), ["forum_topic_created"]);
  await call("editForumTopic", { ...at, name: "Dogs" });
  assert.deepEqual(await kinds(), ["forum_topic_edited"]);
  assert.equal(verdict(await call("editForumTopic", { ...at, name: "Dogs" })), "400 Bad Request: TOPIC_NOT_MODIFIED");
  await call("closeForumTopic", at);
  assert.deepEqual(await kinds(), ["forum_topic_closed"]);
  await assert.rejects(ann.sendText("woof", { chat: forum, topic: message_thread_id }), /closed/);
  await call("reopenForumTopic", at);
  await ann.sendText("woof", { chat: forum, topic: message_thread_id });
  await call("deleteForumTopic", at);
  assert.ok((await forum.messages()).every((message) => message.message_thread_id === undefined));
  assert.equal(verdict(await call("sendMessage", { ...at, text: "x" })), "400 Bad Request: message thread not found");
});

test("a button of the reply keyboard and a chosen inline result write into the topic that is named", async () => {
  const { simulator, call, ann, forum, received, chat_id } = await withForum();
  await using _ = simulator;
  const { message_thread_id } = (await call("createForumTopic", { chat_id, name: "Cats" })).result;
  await call("sendMessage", { chat_id, message_thread_id, text: "?", reply_markup: { keyboard: [["Meow"]] } });
  await received();
  const there = { chat: forum, topic: message_thread_id };
  await ann.press("Meow", there);
  await ann.press("Meow", { chat: forum });
  const query = await ann.inlineQuery("cats");
  const results = [{ type: "article", id: "a", title: "A", input_message_content: { message_text: "purr" } }];
  await call("answerInlineQuery", { inline_query_id: query.inline_query_id, results });
  await ann.choose(query, "a", there);
  const threads = (await received()).flatMap(({ message }) =>
    message ? [[message.text, message.message_thread_id]] : [],
  );
  assert.deepEqual(threads, [
    ["Meow", message_thread_id],
    ["Meow", undefined],
    ["purr", message_thread_id],
  ]);
  await call("closeForumTopic", { chat_id, message_thread_id });
  await assert.rejects(ann.press("Meow", there), /closed/);
  await assert.rejects(ann.choose(query, "a", there), /closed/);
});

test("the General topic has no thread, and can be hidden", async () => {
  const { simulator, call, ann, forum, received, chat_id } = await withForum();
  await using _ = simulator;
  assert.equal((await ann.sendText("hi", { chat: forum })).message_thread_id, undefined);
  await call("hideGeneralForumTopic", { chat_id });
  assert.ok((await received()).at(-1)?.message?.general_forum_topic_hidden);
  await assert.rejects(ann.sendText("hi", { chat: forum }), /closed/);
  await call("reopenGeneralForumTopic", { chat_id });
  await ann.sendText("hi", { chat: forum });
  await call("editGeneralForumTopic", { chat_id, name: "All" });
  const again = await call("reopenGeneralForumTopic", { chat_id });
  assert.equal(verdict(again), "400 Bad Request: TOPIC_NOT_MODIFIED");
  const thread = await call("sendMessage", { chat_id, text: "x", message_thread_id: 1 });
  assert.equal(verdict(thread), "400 Bad Request: message thread not found");
});

test("topics need a forum and the right, but for a bot's own", async () => {
  const { simulator, call, ann, forum, chat_id } = await withForum({ can_pin_messages: true });
  await using _ = simulator;
  const create = async (chat_id: number) => verdict(await call("createForumTopic", { chat_id, name: "x" }));
  const group = await simulator.group("Team", { bot: "administrator" });
  assert.equal(await create(group.id), "400 Bad Request: the chat is not a forum");
  assert.equal(await create(chat_id), "400 Bad Request: not enough rights to create a topic");
  const at = { chat_id, message_thread_id: await ann.createTopic(forum, "Ann's") };
  assert.equal(
    verdict(await call("closeForumTopic", at)),
    "400 Bad Request: not enough rights to close or open the topic",
  );
  assert.equal(verdict(await call("deleteForumTopic", at)), "400 Bad Request: not enough rights to delete the topic");
  const outside = await call("sendMessage", { chat_id: group.id, text: "x", message_thread_id: 77 });
  assert.equal(outside.result.message_thread_id, undefined);
});

test("pinned messages of one topic are unpinned together", async () => {
  const { simulator, call, chat_id } = await withForum({ can_manage_topics: true, can_pin_messages: true });
  await using _ = simulator;
  const { message_thread_id } = (await call("createForumTopic", { chat_id, name: "Cats" })).result;
  const inside = (await call("sendMessage", { chat_id, message_thread_id, text: "in" })).result.message_id;
  const outside = (await call("sendMessage", { chat_id, text: "out" })).result.message_id;
  for (const message_id of [outside, inside]) await call("pinChatMessage", { chat_id, message_id });
  await call("unpinAllForumTopicMessages", { chat_id, message_thread_id });
  assert.equal((await call("getChat", { chat_id })).result.pinned_message.text, "out");
  await call("unpinAllGeneralForumTopicMessages", { chat_id });
  assert.equal((await call("getChat", { chat_id })).result.pinned_message, undefined);
});
