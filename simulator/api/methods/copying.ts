/** Forwards and copies: https://core.telegram.org/bots/api#forwardmessage, #copymessage */

import type { Message } from "@grammyjs/types";
import type { ChatRecord } from "../../state/chat-record.ts";
import type { Content } from "../../state/messages.ts";
import { chatOf, messageOf, writableChatOf } from "../access.ts";
import type { Call } from "../call.ts";
import { originOf } from "../origin.ts";
import { badRequest } from "../refusal.ts";
import type { Handler, Telegram } from "../telegram.ts";
import { captionOf, post } from "./sending.ts";

export const copyingMethods: Record<string, Handler> = {
  forwardMessage: (call, telegram) =>
    forward(call, telegram, messageOf(sourceOf(call, telegram), call.number("message_id"), "forward")),

  forwardMessages: (call, telegram) =>
    severalOf(call, sourceOf(call, telegram), "forward").map((message) => idOf(forward(call, telegram, message))),

  copyMessage: (call, telegram) =>
    idOf(copy(call, telegram, messageOf(sourceOf(call, telegram), call.number("message_id"), "copy"))),

  copyMessages: (call, telegram) =>
    severalOf(call, sourceOf(call, telegram), "copy").map((message) => idOf(copy(call, telegram, message))),
};

const sourceOf = (call: Call, { world }: Telegram) => chatOf(world, call, "from_chat_id");

/** "If some of the specified messages can't be found or forwarded, they are skipped." */
function severalOf(call: Call, source: ChatRecord, purpose: string): Message[] {
  const ids = call.array<unknown>("message_ids")!.map(Number);
  const found = ids.flatMap((id) => source.messages.get(id) ?? []);
  if (found.length === 0) throw badRequest(`there are no messages to ${purpose}`);
  return found;
}

function forward(call: Call, telegram: Telegram, message: Message): Message {
  const record = writableChatOf(telegram.world, call);
  const { reply_markup: _, ...content } = contentOf(message);
  return post(call, telegram, record, { ...content, forward_origin: originOf(message) });
}

function copy(call: Call, telegram: Telegram, message: Message): Message {
  const record = writableChatOf(telegram.world, call);
  const { forward_origin: _, reply_markup: __, ...content } = contentOf(message);
  const caption = call.has("caption") || call.boolean("remove_caption") ? captionOf(call) : undefined;
  if (caption === undefined) return post(call, telegram, record, content);
  const { caption: _caption, caption_entities: _entities, ...bare } = content;
  return post(call, telegram, record, { ...bare, ...caption });
}

/** A message without its sender, chat, dates and reply. */
function contentOf(message: Message): Content {
  const { message_id, from, sender_chat, chat, date, edit_date, reply_to_message, business_connection_id, ...rest } =
    message;
  return rest;
}

const idOf = ({ message_id }: Message) => ({ message_id });
