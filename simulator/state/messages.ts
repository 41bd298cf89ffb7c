/** How messages come to be and pass away, whoever sends them: the bot by a method, a user by an action. */

import type { Message, ReplyKeyboardMarkup, User } from "@grammyjs/types";
import type { ChatRecord } from "./chat-record.ts";
import type { Actor } from "./journal.ts";
import type { World } from "./world.ts";

/** What a message holds beside its id, sender, chat and date. */
export type Content = Partial<Omit<Message, "message_id" | "from" | "chat" | "date">>;

export interface Origin {
  by: Actor;
  /** Channel posts have none. */
  from: User;
  business_connection_id?: string | undefined;
  /** A reply keyboard: it belongs to the chat, not to the message. */
  keyboard?: ReplyKeyboardMarkup | undefined;
}

/** Stores a new message and tells the journal of it. */
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
  const { keyboard } = origin;
  world.journal.record(chat.id, { by: origin.by, type: "message", message, ...(keyboard && { keyboard }) });
  return message;
}

/** Puts a new version of a message in the place of the old one. */
export function replaceMessage(world: World, record: ChatRecord, by: Actor, message: Message): Message {
  world.keepMessage(record, message);
  world.journal.record(record.chat.id, { by, type: "edited", message });
  return message;
}

/** @returns how many of them were there */
export function removeMessages(world: World, record: ChatRecord, by: Actor, message_ids: readonly number[]): number {
  const gone = message_ids.filter((id) => record.messages.delete(id));
  record.pinned = record.pinned.filter((id) => !gone.includes(id));
  if (gone.length > 0) world.journal.record(record.chat.id, { by, type: "deleted", message_ids: gone });
  return gone.length;
}

/** "the Message object in this field will not contain further reply_to_message fields" */
export function quoted(message: Message): NonNullable<Message["reply_to_message"]> {
  const { reply_to_message: _, ...rest } = message;
  return rest as NonNullable<Message["reply_to_message"]>;
}

/** The bot's own capabilities are told by getMe only. */
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
