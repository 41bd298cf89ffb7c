/** The messages and changes that the bot gets as updates. */

import type { Message } from "@grammyjs/types";
import type { ChatRecord } from "./chat-record.ts";
import { isAdministrator } from "./rights.ts";
import type { Simulation } from "./simulation.ts";
import type { World } from "./world.ts";

/** Puts a message into the bot's queue if the bot receives it, as `message`, `channel_post`, `edited_message`, … */
export function pushMessage({ world, queue }: Simulation, record: ChatRecord, message: Message): void {
  if (!receives(world, record, message)) return;
  const kind = kindOf(record, message);
  queue.push({ [message.edit_date === undefined ? kind : `edited_${kind}`]: message });
}

const kindOf = ({ chat }: ChatRecord, { business_connection_id }: Message) =>
  business_connection_id !== undefined ? "business_message" : chat.type === "channel" ? "channel_post" : "message";

/** True if the bot receives the message: https://core.telegram.org/bots/features#privacy-mode */
export function receives(world: World, record: ChatRecord, message: Message): boolean {
  const { bot } = world;
  const { type } = record.chat;
  if (type === "private") return true;
  if (!record.has(bot.id)) return false;
  if (type === "channel" || bot.can_read_all_group_messages || isAdministrator(record, bot.id)) return true;
  if (isServiceMessage(message) || message.via_bot?.id === bot.id) return true;
  const text = message.text ?? message.caption ?? "";
  const isForBot = /^\/\w+(?!\w*@)/.test(text) || text.toLowerCase().includes(`@${bot.username.toLowerCase()}`);
  return isForBot || message.reply_to_message?.from?.id === bot.id;
}

/** True if the bot receives changes of members and reactions: in private chats, and as an administrator. */
export const receivesChanges = (world: World, record: ChatRecord): boolean =>
  record.chat.type === "private" || isAdministrator(record, world.bot.id);

/** Fields of a message that Telegram writes about an event in the chat. */
const SERVICE =
  /^(new_chat_|left_chat_|delete_chat_photo|(super|channel_|group_)?(group_)?chat_created|migrate_|pinned_message|forum_topic_|general_forum_topic_|video_chat_|successful_payment|refunded_payment|users_shared|chat_shared|write_access_allowed|web_app_data|boost_added|chat_background_set|message_auto_delete_timer_changed|giveaway_(created|completed)|proximity_alert_triggered|poll_option_)/;

export const isServiceMessage = (message: object): boolean => Object.keys(message).some((name) => SERVICE.test(name));
