/** Adds, replaces and removes messages, for the bot's methods and for users' actions. */

import type { ForceReply, Message, ReplyKeyboardMarkup, User } from "@grammyjs/types";
import type { ChatRecord } from "./chat-record.ts";
import type { Actor } from "./journal.ts";
import type { World } from "./world.ts";

/** A message's fields without its id, sender, chat and date. */
export type Content = Partial<Omit<Message, "message_id" | "from" | "chat" | "date">>;

export interface Origin {
  by: Actor;
  /** Left out of channel posts. */
  from: User;
  business_connection_id?: string | undefined;
  /** A reply keyboard, which belongs to the chat and not to the message; null removes that of the chat. */
  keyboard?: ReplyKeyboardMarkup | null | undefined;
  force_reply?: ForceReply | undefined;
}

/** Stores a new message and records it in the journal. */
export function addMessage(world: World, record: ChatRecord, origin: Origin, content: Content): Message {
  const { chat } = record;
  const message = {
    message_id: world.nextMessageId(record),
    ...(chat.type === "channel" ? { sender_chat: chat } : { from: withoutProfile(origin.from) }),
    chat,
    date: world.date,
    ...(origin.business_connection_id !== undefined && { business_connection_id: origin.business_connection_id }),
    ...content,
  } as Message;
  world.keepMessage(record, message);
  if (origin.by === "bot") record.outgoing.add(message.message_id);
  const { keyboard, force_reply } = origin;
  if (keyboard !== undefined || force_reply !== undefined) record.withReplyMarkup.add(message.message_id);
  world.journal.record(chat.id, {
    by: origin.by,
    type: "message",
    message,
    ...(keyboard !== undefined && { keyboard }),
    ...(force_reply !== undefined && { force_reply }),
  });
  return message;
}

/** Replaces a message by a new version. */
export function replaceMessage(world: World, record: ChatRecord, by: Actor, message: Message): Message {
  world.keepMessage(record, message);
  world.journal.record(record.chat.id, { by, type: "edited", message });
  return message;
}

/** @returns the number of messages that existed */
export function removeMessages(world: World, record: ChatRecord, by: Actor, message_ids: readonly number[]): number {
  const removed = message_ids.filter((id) => record.messages.delete(id));
  record.pinned = record.pinned.filter((id) => !removed.includes(id));
  if (removed.length > 0) world.journal.record(record.chat.id, { by, type: "deleted", message_ids: removed });
  return removed.length;
}

/** "the Message object in this field will not contain further reply_to_message fields" */
export function quoted(message: Message): NonNullable<Message["reply_to_message"]> {
  const { reply_to_message: _, ...rest } = message;
  return rest as NonNullable<Message["reply_to_message"]>;
}

/** A User as in messages: only getMe returns the bot's capabilities. */
export function withoutProfile({ id, is_bot, first_name, last_name, username, language_code, is_premium }: User): User {
  return {
    id,
    is_bot,
    first_name,
    ...(last_name !== undefined && { last_name }),
    ...(username !== undefined && { username }),
    ...(language_code !== undefined && !is_bot && { language_code }),
    ...(is_premium && { is_premium }),
  };
}
