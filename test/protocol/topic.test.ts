import assert from "node:assert/strict";
import { test } from "node:test";
import { stoppedTopicOf, topicOf } from "../../src/protocol/topic.ts";

test("the topic is that of the event's message, or of the message that a button belongs to", () => {
  const topic = { message_thread_id: 7, is_topic_message: true };
  assert.equal(topicOf({ type: "telegram.message", ...topic }), 7);
  assert.equal(topicOf({ type: "telegram.callback_query", message: topic }), 7);
});

test("an event without a topic has none, nor has a thread of replies", () => {
  assert.equal(topicOf({ type: "telegram.message", message_thread_id: 7 }), undefined);
  assert.equal(topicOf({ type: "telegram.callback_query" }), undefined);
  assert.equal(topicOf({ type: "telegram.callback_query", message: null }), undefined);
  assert.equal(topicOf({ type: "telegram.message", message_thread_id: "7", is_topic_message: true }), undefined);
});

test("the topic of a message that is stopped is its thread: a private chat has no other threads", () => {
  assert.equal(stoppedTopicOf({ message_thread_id: 7 }), 7);
  assert.equal(stoppedTopicOf({}), undefined);
});
