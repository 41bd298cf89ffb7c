/** Topics of a forum: https://core.telegram.org/bots/api#forumtopic */

import type { Message } from "@grammyjs/types";
import type { ChatRecord } from "./chat-record.ts";
import { addMessage, type Content, type Origin } from "./messages.ts";
import { pushMessage } from "./receiving.ts";
import { hasRight } from "./rights.ts";
import type { Simulation } from "./simulation.ts";
import type { World } from "./world.ts";

export interface Topic {
  /** The id of the service message that created it. */
  message_thread_id: number;
  name: string;
  /** RGB. */
  icon_color: number;
  icon_custom_emoji_id?: string;
  is_closed: boolean;
  /** Of the General topic only. */
  is_hidden: boolean;
  creator_id: number;
}

export interface NewTopic {
  name: string;
  icon_color?: number | undefined;
  icon_custom_emoji_id?: string | undefined;
}

/** The thread of the General topic. Messages in it have no thread. */
export const GENERAL = 1;

const FIRST_COLOR = 0x6fb9f0;

/** True for a supergroup with topics, and for private chats if the bot has them there. */
export const isForum = ({ bot }: World, { chat }: ChatRecord): boolean =>
  chat.type === "private" ? bot.has_topics_enabled === true : chat.is_forum === true;

export function generalTopic(owner_id: number): Topic {
  const name = "General";
  const state = { is_closed: false, is_hidden: false };
  return { message_thread_id: GENERAL, name, icon_color: FIRST_COLOR, ...state, creator_id: owner_id };
}

/** Creates a topic with its service message. */
export function createTopic(simulation: Simulation, record: ChatRecord, origin: Origin, topic: NewTopic): Topic {
  const { name, icon_color = FIRST_COLOR, icon_custom_emoji_id } = topic;
  const icon = { icon_color, ...(icon_custom_emoji_id !== undefined && { icon_custom_emoji_id }) };
  const message_thread_id = simulation.world.nextMessageId(record);
  const created = { message_thread_id, name, ...icon, is_closed: false, is_hidden: false, creator_id: origin.from.id };
  record.topics.set(message_thread_id, created);
  note(simulation, record, origin, { ...inTopic(created), forum_topic_created: { name, ...icon } } as Content);
  return created;
}

/** Changes a topic, and says so in it. */
export function changeTopic(
  simulation: Simulation,
  record: ChatRecord,
  origin: Origin,
  { topic, change, notice }: { topic: Topic; change: Partial<Topic>; notice: Content },
): void {
  record.topics.set(topic.message_thread_id, { ...topic, ...change });
  note(simulation, record, origin, { ...inTopic(topic), ...notice });
}

function note(simulation: Simulation, record: ChatRecord, origin: Origin, content: Content): Message {
  const message = addMessage(simulation.world, record, origin, content);
  pushMessage(simulation, record, message);
  return message;
}

/** The fields of a message in a topic. */
export const inTopic = ({ message_thread_id }: Pick<Topic, "message_thread_id">): Content =>
  message_thread_id === GENERAL ? {} : { message_thread_id, is_topic_message: true };

export type Thread = { fields: Content } | { refused: "unknown" | "closed" };

/** The thread that a message goes to, by the one that its sender names and the one of the message replied to. */
export function threadOf(
  world: World,
  record: ChatRecord,
  user_id: number,
  { named, replied }: { named?: number | undefined; replied?: number | undefined },
): Thread {
  if (!isForum(world, record)) {
    // Groups without topics ignore the parameter (Client.cpp, `check_message_topic`).
    return named !== undefined && record.chat.type === "private" ? { refused: "unknown" } : { fields: {} };
  }
  // The General topic has no thread: https://core.telegram.org/bots/api#message
  const topic = named === GENERAL ? undefined : record.topics.get(named ?? replied ?? GENERAL);
  if (topic === undefined) return named === undefined ? { fields: {} } : { refused: "unknown" };
  const mayWrite = !topic.is_closed || topic.creator_id === user_id || hasRight(record, user_id, "can_manage_topics");
  return mayWrite ? { fields: inTopic(topic) } : { refused: "closed" };
}
