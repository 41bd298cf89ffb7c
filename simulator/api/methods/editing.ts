/** Editing, stopping and deleting sent messages: https://core.telegram.org/bots/api#updating-messages */

import { isDeepStrictEqual } from "node:util";
import type { Message } from "@grammyjs/types";
import { type Content, removeMessages, replaceMessage } from "../../state/messages.ts";
import { chatOf, messageOf, writableChatOf } from "../access.ts";
import { Call } from "../call.ts";
import { badRequest } from "../refusal.ts";
import { markupOf } from "../reply-markup.ts";
import { mayEdit, requireDeletion } from "../rights.ts";
import type { Handler, Telegram } from "../telegram.ts";
import { captionOf, contentOf, textOf } from "./sending.ts";

export const editingMethods: Record<string, Handler> = {
  editMessageText: (call, telegram) =>
    edit(call, telegram, ({ entities: _, link_preview_options: __, ...rest }) => {
      if (rest.text === undefined) throw badRequest("there is no text in the message to edit");
      return { ...rest, ...textOf(call) };
    }),

  editMessageCaption: (call, telegram) =>
    edit(call, telegram, ({ caption: _, caption_entities: __, ...rest }) => {
      if (rest.text !== undefined) throw badRequest("there is no caption in the message to edit");
      return { ...rest, ...captionOf(call) };
    }),

  editMessageReplyMarkup: (call, telegram) => edit(call, telegram, (message) => message),

  editMessageMedia: (call, telegram) => edit(call, telegram, (message) => withMedia(message, call, telegram)),

  editMessageLiveLocation: (call, telegram) =>
    edit(call, telegram, (message) => {
      if (message.location === undefined) throw badRequest("message can't be edited");
      const { latitude, longitude } = call.values as { latitude: number; longitude: number };
      return { ...message, location: { ...message.location, latitude, longitude } };
    }),

  stopMessageLiveLocation: (call, telegram) => edit(call, telegram, (message) => message, { mayStay: true }),

  editMessageChecklist: (call, telegram) =>
    edit(call, telegram, (message) => ({ ...message, ...contentOf(as("sendChecklist", call), telegram) })),

  setGameScore: (call, telegram) => edit(call, telegram, (message) => message, { mayStay: true }),

  stopPoll(call, telegram) {
    const record = writableChatOf(telegram.world, call);
    const message = record.messages.get(call.number("message_id") ?? 0);
    if (message?.poll === undefined) throw badRequest("message with poll to stop not found");
    if (message.poll.is_closed) throw badRequest("poll has already been closed");
    const poll = { ...message.poll, is_closed: true };
    const { inline } = markupOf(call);
    replaceMessage(telegram.world, record, "bot", { ...message, ...(inline && { reply_markup: inline }), poll });
    return poll;
  },

  deleteMessage(call, { world }) {
    const record = chatOf(world, call);
    const message = messageOf(record, call.number("message_id"), "delete");
    requireDeletion(world, record, message);
    removeMessages(world, record, "bot", [message.message_id]);
    return true;
  },

  /** "If some of the specified messages can't be found, they are skipped." */
  deleteMessages(call, { world }) {
    const ids = call.array("message_ids")!.map(Number);
    const record = chatOf(world, call);
    for (const message of ids.flatMap((id) => record.messages.get(id) ?? [])) requireDeletion(world, record, message);
    removeMessages(world, record, "bot", ids);
    return true;
  },
};

interface EditOptions {
  /** An edit without a change is no error. */
  mayStay?: boolean;
}

/** Returns the new version; true for an inline message, whose chat the bot does not see. */
function edit(
  call: Call,
  telegram: Telegram,
  change: (message: Message) => Content,
  { mayStay = false }: EditOptions = {},
): Message | true {
  const { world } = telegram;
  if (call.has("inline_message_id")) return true;
  const record = writableChatOf(world, call);
  const message = messageOf(record, call.number("message_id"), "edit");
  if (!mayEdit(world, record, message)) throw badRequest("message can't be edited");
  // A call without reply_markup removes the keyboard.
  const { reply_markup: _, ...changed } = change(message);
  const { inline } = markupOf(call);
  const edited = { ...changed, ...(inline !== undefined && { reply_markup: inline }) } as Message;
  if (isDeepStrictEqual(withoutDate(edited), withoutDate(message))) {
    if (mayStay) return message;
    throw badRequest(
      "message is not modified: specified new message content and reply markup are exactly the same as a current " +
        "content and reply markup of the message",
    );
  }
  return replaceMessage(world, record, "bot", { ...edited, edit_date: world.date });
}

const MEDIA = [
  "text",
  "entities",
  "photo",
  "video",
  "audio",
  "document",
  "animation",
  "caption",
  "caption_entities",
] as const;

function withMedia(message: Message, call: Call, telegram: Telegram): Content {
  const media = call.object<Record<string, unknown>>("media")!;
  const { type, media: file, ...rest } = media;
  const name = `send${String(type).charAt(0).toUpperCase()}${String(type).slice(1)}`;
  const kept: Partial<Message> = { ...message };
  for (const key of MEDIA) delete kept[key];
  const replacement = new Call(name, { ...call.values, [String(type)]: file, ...rest }, call.signal);
  return { ...kept, ...contentOf(replacement, telegram) };
}

const as = (method: string, call: Call) => new Call(method, call.values, call.signal);

const withoutDate = ({ edit_date: _, ...rest }: Message) => rest;
