/**
 * The bot's rights in a chat. Texts and rules are tdlib's: DialogManager.cpp (`can_send_message_to_dialog`,
 * `can_pin_messages`), MessagesManager.cpp (`can_delete_channel_message`, `can_revoke_message`, `can_edit_message`).
 */

import type { Message } from "@grammyjs/types";
import type { ChatRecord } from "../state/chat-record.ts";
import { isServiceMessage } from "../state/receiving.ts";
import { forbiddenContent, hasRight, isAdministrator, type Right } from "../state/rights.ts";
import type { World } from "../state/world.ts";
import { badRequest } from "./refusal.ts";

/** Seconds. A bot may delete messages, and edit those of others, for this long. */
const TWO_DAYS = 2 * 86_400;
const DAY = 86_400;

/** @throws Refusal (400) if the bot lacks the right */
export function requireRight(world: World, record: ChatRecord, right: Right, reason: string): void {
  if (!hasRight(record, world.bot.id, right)) throw badRequest(reason);
}

/** @throws Refusal (400) if the bot may not send this there */
export function requireSending(world: World, record: ChatRecord, content: object): void {
  if (record.chat.type === "channel") {
    requireRight(world, record, "can_post_messages", "need administrator rights in the channel chat");
  }
  const forbidden = forbiddenContent(record, world.bot.id, content);
  if (forbidden !== undefined) throw badRequest(`not enough rights to send ${forbidden} to the chat`);
}

export function requirePinning(world: World, record: ChatRecord): void {
  if (record.chat.type === "private") return;
  const right = record.chat.type === "channel" ? "can_edit_messages" : "can_pin_messages";
  requireRight(world, record, right, "not enough rights to manage pinned messages in the chat");
}

/** @throws Refusal (400) if the bot may not delete the message, or no longer */
export function requireDeletion(world: World, record: ChatRecord, message: Message): void {
  const isLarge = record.chat.type === "supergroup" || record.chat.type === "channel";
  if (isLarge && !mayDeleteInLarge(world, record, message)) throw badRequest("message can't be deleted");
  if (!isLarge && !mayRevoke(world, record, message)) throw badRequest("message can't be deleted for everyone");
}

function mayDeleteInLarge(world: World, record: ChatRecord, message: Message): boolean {
  if (ageOf(world, message) >= TWO_DAYS) return false;
  if ("migrate_from_chat_id" in message || "forum_topic_created" in message) return false;
  const { bot } = world;
  if (hasRight(record, bot.id, "can_delete_messages")) return true;
  if (!record.outgoing.has(message.message_id)) return false;
  const isPost = record.chat.type === "channel" || isServiceMessage(message);
  return !isPost || hasRight(record, bot.id, "can_post_messages");
}

function mayRevoke(world: World, record: ChatRecord, message: Message): boolean {
  const isOwn = record.outgoing.has(message.message_id) && !isServiceMessage(message);
  if (ageOf(world, message) > TWO_DAYS) return false;
  if (record.chat.type !== "private") return isOwn || isAdministrator(record, world.bot.id);
  return message.dice === undefined || ageOf(world, message) >= DAY;
}

/**
 * A bot may edit its own messages at any time, all messages of a channel with the right to do so, and for two days those of its
 * business account. Forwards stay as they are, and so do messages with another keyboard than an inline one (MessagesManager.cpp,
 * `can_edit_message`).
 */
export function mayEdit(world: World, record: ChatRecord, message: Message): boolean {
  if (message.forward_origin !== undefined || record.withReplyMarkup.has(message.message_id)) return false;
  const isOwn = record.outgoing.has(message.message_id) || message.from?.id === world.bot.id;
  const { id } = world.bot;
  if (record.chat.type === "channel") {
    return hasRight(record, id, "can_edit_messages") || (isOwn && hasRight(record, id, "can_post_messages"));
  }
  return isOwn || (message.business_connection_id !== undefined && ageOf(world, message) < TWO_DAYS);
}

const ageOf = (world: World, { date }: Message) => world.date - date;
