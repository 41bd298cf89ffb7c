/**
 * The public server's answers to a call that lacks a parameter. It reads the content first and looks for the chat afterwards, so a
 * missing `chat_id` is not refused here.
 */

import type { FieldSchema } from "../schemas.ts";
import { badRequest, type Refusal } from "./refusal.ts";

/** Required parameters that may be missing: their empty value has a meaning, or is refused when it is used. */
const USED_LATER: ReadonlySet<string> = new Set([
  "chat_id",
  "message_id",
  "callback_query_id",
  "inline_query_id",
  "shipping_query_id",
  "pre_checkout_query_id",
  "setWebhook.url",
  "sendMessageDraft.text",
  "setMyCommands.commands",
  "answerInlineQuery.results",
  "answerShippingQuery.ok",
  "answerPreCheckoutQuery.ok",
  "sendPoll.question",
  "setChatTitle.title",
  "setChatStickerSet.sticker_set_name",
]);

/** By the parameter, or by method and parameter. */
const REASONS: Record<string, string> = {
  "sendMessage.text": "Message text is empty",
  "editMessageText.text": "Message text is empty",
  "deleteMessage.chat_id": "Chat identifier is not specified",
  "deleteMessage.message_id": "Message identifier is not specified",
  "sendChatAction.action": "Wrong parameter action in request",
  "sendPoll.options": "Can't parse options JSON object",
  "getStickerSet.name": "sticker_set_name is empty",
  message_ids: "Message identifiers are not specified",
  user_id: "Invalid user_id specified",
  sender_chat_id: "sender_chat_id is empty",
  file_id: "file_id not specified",
  latitude: "latitude is empty",
  longitude: "longitude is empty",
};

/** Undefined if the call may go on without the parameter. */
export function refusalOfMissing(method: string, { name, type }: FieldSchema): Refusal | undefined {
  const reason = REASONS[`${method}.${name}`] ?? REASONS[name];
  if (reason !== undefined) return badRequest(reason);
  if (USED_LATER.has(name) || USED_LATER.has(`${method}.${name}`)) return undefined;
  if (type === "file") return badRequest(`There is no ${name.replaceAll("_", " ")} in the request`);
  return badRequest(`Parameter "${name}" is required`);
}
