/** The message that a new one answers: https://core.telegram.org/bots/api#replyparameters, as `Client::check_reply_parameters` reads it. */

import type { Message, MessageEntity, TextQuote } from "@grammyjs/types";
import type { ChatRecord } from "../state/chat-record.ts";
import { type Content, quoted } from "../state/messages.ts";
import type { World } from "../state/world.ts";
import { format } from "../text/format.ts";
import { chatOf } from "./access.ts";
import { Call } from "./call.ts";
import { type Json, optionalString, requiredInteger } from "./fields.ts";
import { ATTACHED_KINDS } from "./forwards.ts";
import { originOf } from "./origin.ts";
import { badRequest } from "./refusal.ts";

interface Reply {
  chat_id?: number | string;
  message_id: number;
  isOptional: boolean;
  quote: { text: string; entities: MessageEntity[]; position: number };
}

/** Undefined for a message that answers none. @throws Refusal (400) for parameters whose shape is wrong */
export const readReply = (call: Call): Reply | undefined =>
  call.once("reply_parameters", () => {
    const given = call.object<Json>("reply_parameters") ?? {};
    if (Object.keys(given).length === 0) return undefined;
    const message_id = requiredInteger(given, "message_id");
    const chat_id = optionalString(given, "chat_id");
    const { text, entities } = format(optionalString(given, "quote"), given.quote_parse_mode, given.quote_entities);
    if (message_id <= 0) return undefined;
    return {
      ...(chat_id !== "" && { chat_id: chat_id.startsWith("@") ? chat_id : Number(chat_id) }),
      message_id,
      isOptional: given.allow_sending_without_reply === true,
      quote: { text, entities: entities.filter(isInQuotes), position: Number(given.quote_position ?? 0) },
    };
  });

/** The content that the reply adds to a message in this chat. @throws Refusal (400) */
export function replyOf(call: Call, record: ChatRecord, world: World): Content {
  const reply = readReply(call);
  if (reply === undefined) return {};
  const { chat_id } = reply;
  const source = chat_id === undefined ? record : chatOf(world, new Call(call.method, { chat_id }, call.signal));
  const message = source.messages.get(reply.message_id);
  if (message === undefined) {
    if (reply.isOptional) return {};
    throw badRequest("message to be replied not found");
  }
  const answered =
    source === record ? { reply_to_message: quoted(message) } : { external_reply: externalReply(message) };
  return { ...answered, ...(reply.quote.text !== "" && { quote: quoteOf(message, reply.quote) }) };
}

/** The part of a message that is quoted, near the given position. @throws Refusal (400) if the message does not have it */
function quoteOf(message: Message, { text, entities, position }: Reply["quote"]): TextQuote {
  const found = nearest(message.text ?? message.caption ?? "", text, position);
  if (found === undefined) throw badRequest("QUOTE_TEXT_INVALID");
  return { text, ...(entities.length > 0 && { entities }), position: found, is_manual: true };
}

/** Places in UTF-16 code units (`MessageQuote::search_quote`). */
function nearest(text: string, part: string, wanted: number): number | undefined {
  let best: number | undefined;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
    if (best === undefined || Math.abs(at - wanted) < Math.abs(best - wanted)) best = at;
  }
  return best;
}

const QUOTED_ENTITIES = ["bold", "italic", "underline", "strikethrough", "spoiler", "custom_emoji", "date_time"];

const isInQuotes = ({ type }: MessageEntity) => QUOTED_ENTITIES.includes(type);

/** https://core.telegram.org/bots/api#externalreplyinfo */
const SHARED: ReadonlySet<string> = new Set(["link_preview_options", "has_media_spoiler", ...ATTACHED_KINDS]);

function externalReply(message: Message): NonNullable<Message["external_reply"]> {
  const { chat, message_id } = message;
  const isLarge = chat.type === "supergroup" || chat.type === "channel";
  const shared = Object.fromEntries(Object.entries(message).filter(([name]) => SHARED.has(name)));
  return { origin: originOf(message), ...(isLarge && { chat, message_id }), ...shared };
}
