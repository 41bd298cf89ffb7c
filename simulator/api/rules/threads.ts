/** The topic that a message goes to (`Client::check_message_topic`). */

import type { ChatRecord } from "../../state/chat-record.ts";
import type { World } from "../../state/world.ts";
import type { Call } from "../call.ts";
import { badRequest } from "../refusal.ts";

/** A forum's general topic has this number, and its messages have none. */
const GENERAL = 1;

/** Undefined for a message outside of any topic: a group that is no forum has none, and ignores the parameter. @throws Refusal (400) */
export function threadOf(call: Call, record: ChatRecord, { bot }: World): number | undefined {
  const id = call.number("message_thread_id") ?? 0;
  if (id <= 0) return undefined;
  const { chat } = record;
  if (chat.type !== "private" && !(chat.type === "supergroup" && chat.is_forum)) return undefined;
  const hasTopics = chat.type !== "private" || bot.has_topics_enabled === true;
  if (!hasTopics || id === GENERAL || !hasTopic(record, id)) throw badRequest("Message thread not found");
  return id;
}

/** A topic has the number of the message that tells of its beginning. */
function hasTopic({ messages }: ChatRecord, id: number): boolean {
  if (messages.get(id)?.forum_topic_created !== undefined) return true;
  return [...messages.values()].some(({ message_thread_id }) => message_thread_id === id);
}

/** @throws Refusal (400) */
export function checkForum(_call: Call, { chat }: ChatRecord, { bot }: World): void {
  const isForum = chat.type === "private" ? bot.has_topics_enabled : chat.type === "supergroup" && chat.is_forum;
  if (!isForum) throw badRequest("The chat is not a forum");
}
