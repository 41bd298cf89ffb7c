/**
 * Topics of a forum: https://core.telegram.org/bots/api#createforumtopic to #unpinallgeneralforumtopicmessages.
 * Rights: tdlib, ForumTopicManager.cpp.
 */

import type { ChatRecord } from "../../state/chat-record.ts";
import { changeTopic, createTopic, GENERAL, isForum, type Topic } from "../../state/forum.ts";
import { type Content, type Origin, removeMessages } from "../../state/messages.ts";
import { hasRight, type Right } from "../../state/rights.ts";
import { writableChatOf } from "../access.ts";
import type { Call } from "../call.ts";
import { badRequest } from "../refusal.ts";
import { requirePinning } from "../rights.ts";
import type { Handler, Telegram } from "../telegram.ts";

const MAX_NAME = 128;
const TO_EDIT = "not enough rights to edit the topic";
const TO_CLOSE = "not enough rights to close or open the topic";

export const forumMethods: Record<string, Handler> = {
  createForumTopic(call, telegram) {
    const { world } = telegram;
    const record = forumOf(call, telegram);
    if (record.chat.type !== "private" && !hasRight(record, world.bot.id, "can_manage_topics")) {
      throw badRequest("not enough rights to create a topic");
    }
    const created = createTopic(telegram, record, byBot(telegram), {
      name: nameIn(call),
      icon_color: call.number("icon_color"),
      icon_custom_emoji_id: call.string("icon_custom_emoji_id"),
    });
    const { is_closed: _, is_hidden: __, creator_id: ___, ...topic } = created;
    return topic;
  },

  editForumTopic(call, telegram) {
    const { record, topic } = topicOf(call, telegram, "can_manage_topics", TO_EDIT);
    const icon = call.values.icon_custom_emoji_id as string | undefined;
    const name = call.has("name") ? nameIn(call) : undefined;
    const edited = {
      ...(name !== undefined && name !== topic.name && { name }),
      ...(icon !== undefined && icon !== topic.icon_custom_emoji_id && { icon_custom_emoji_id: icon }),
    };
    return change(telegram, record, topic, edited, { forum_topic_edited: edited });
  },

  closeForumTopic: (call, telegram) => setClosed(call, telegram, true),
  reopenForumTopic: (call, telegram) => setClosed(call, telegram, false),

  deleteForumTopic(call, telegram) {
    const { world } = telegram;
    const { record, topic } = topicOf(call, telegram, "can_delete_messages", "not enough rights to delete the topic");
    record.topics.delete(topic.message_thread_id);
    const inside = [...record.messages.values()].filter((message) => threadIn(message) === topic.message_thread_id);
    removeMessages(
      world,
      record,
      "bot",
      inside.map(({ message_id }) => message_id),
    );
    return true;
  },

  unpinAllForumTopicMessages: (call, telegram) =>
    unpinAll(telegram, topicOf(call, telegram, undefined, ""), call.number("message_thread_id")),

  editGeneralForumTopic(call, telegram) {
    const { record, topic } = general(call, telegram, TO_EDIT);
    const name = nameIn(call);
    return change(telegram, record, topic, name === topic.name ? {} : { name }, { forum_topic_edited: { name } });
  },

  closeGeneralForumTopic: (call, telegram) => setGeneral(call, telegram, { is_closed: true }),
  reopenGeneralForumTopic: (call, telegram) => setGeneral(call, telegram, { is_closed: false, is_hidden: false }),
  hideGeneralForumTopic: (call, telegram) => setGeneral(call, telegram, { is_closed: true, is_hidden: true }),
  unhideGeneralForumTopic: (call, telegram) => setGeneral(call, telegram, { is_hidden: false }),

  unpinAllGeneralForumTopicMessages: (call, telegram) =>
    unpinAll(telegram, { record: forumOf(call, telegram) }, undefined),
};

function forumOf(call: Call, { world }: Telegram): ChatRecord {
  const record = writableChatOf(world, call);
  if (!isForum(world, record)) throw badRequest("the chat is not a forum");
  return record;
}

/** @param right that the bot needs unless it has created the topic */
function topicOf(call: Call, telegram: Telegram, right: Right | undefined, reason: string) {
  const record = forumOf(call, telegram);
  const id = call.number("message_thread_id")!;
  const topic = id === GENERAL ? undefined : record.topics.get(id);
  if (topic === undefined) throw badRequest("TOPIC_ID_INVALID");
  const { bot } = telegram.world;
  const isFree = right === undefined || record.chat.type === "private" || topic.creator_id === bot.id;
  if (!isFree && !hasRight(record, bot.id, right)) throw badRequest(reason);
  return { record, topic };
}

function general(call: Call, telegram: Telegram, reason: string) {
  const record = forumOf(call, telegram);
  const topic = record.topics.get(GENERAL);
  if (topic === undefined) throw badRequest("the chat is not a supergroup forum");
  if (!hasRight(record, telegram.world.bot.id, "can_manage_topics")) throw badRequest(reason);
  return { record, topic };
}

function setClosed(call: Call, telegram: Telegram, is_closed: boolean): true {
  const { record, topic } = topicOf(call, telegram, "can_manage_topics", TO_CLOSE);
  const notice = is_closed ? { forum_topic_closed: {} } : { forum_topic_reopened: {} };
  return change(telegram, record, topic, topic.is_closed === is_closed ? {} : { is_closed }, notice as Content);
}

function setGeneral(call: Call, telegram: Telegram, wanted: Partial<Pick<Topic, "is_closed" | "is_hidden">>): true {
  const { record, topic } = general(call, telegram, TO_CLOSE);
  const { is_hidden = topic.is_hidden, is_closed = topic.is_closed } = wanted;
  const hides = is_hidden !== topic.is_hidden;
  const closes = is_closed !== topic.is_closed;
  const hidden = is_hidden ? { general_forum_topic_hidden: {} } : { general_forum_topic_unhidden: {} };
  const closed = is_closed ? { forum_topic_closed: {} } : { forum_topic_reopened: {} };
  const next = hides || closes ? { is_hidden, is_closed } : {};
  return change(telegram, record, topic, next, (hides ? hidden : closed) as Content);
}

function change(telegram: Telegram, record: ChatRecord, topic: Topic, next: Partial<Topic>, notice: Content): true {
  if (Object.keys(next).length === 0) throw badRequest("TOPIC_NOT_MODIFIED");
  changeTopic(telegram, record, byBot(telegram), { topic, change: next, notice });
  return true;
}

function unpinAll({ world }: Telegram, { record }: { record: ChatRecord }, thread: number | undefined): true {
  requirePinning(world, record);
  record.pinned = record.pinned.filter((id) => threadIn(record.messages.get(id)) !== thread);
  return true;
}

const threadIn = (message: { message_thread_id?: number } | undefined) => message?.message_thread_id;

function nameIn(call: Call): string {
  const name = (call.string("name") ?? "").trim().slice(0, MAX_NAME);
  if (name === "") throw badRequest("name must be non-empty");
  return name;
}

const byBot = ({ world }: Telegram): Origin => ({ by: "bot", from: world.bot });
