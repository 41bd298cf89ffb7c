/** Service messages about what the bot did. The bot gets them as updates, unlike its other messages (Client.cpp, `need_skip_update_message`). */

import type { Message } from "@grammyjs/types";
import type { ChatRecord } from "../state/chat-record.ts";
import { addMessage, type Content } from "../state/messages.ts";
import { pushMessage } from "../state/receiving.ts";
import type { Telegram } from "./telegram.ts";

export function announce(telegram: Telegram, record: ChatRecord, content: Content): Message {
  const { world } = telegram;
  const message = addMessage(world, record, { by: "bot", from: world.bot }, content);
  pushMessage(telegram, record, message);
  return message;
}
