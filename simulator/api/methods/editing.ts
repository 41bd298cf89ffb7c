/** Editing, stopping and deleting sent messages: https://core.telegram.org/bots/api#updating-messages */

import { isDeepStrictEqual } from "node:util";
import type { Message } from "@grammyjs/types";
import type { ChatRecord } from "../../state/chat-record.ts";
import type { InlinePlace } from "../../state/inline.ts";
import { type Content, removeMessages, replaceMessage } from "../../state/messages.ts";
import { chatOf, messageOf, writableChatOf } from "../access.ts";
import { Call } from "../call.ts";
import { withKnownUsers } from "../mentions.ts";
import { badRequest } from "../refusal.ts";
import { markupOf } from "../reply-markup.ts";
import { mayEdit, requireDeletion } from "../rights.ts";
import type { Handler, Telegram } from "../telegram.ts";
import { captionOf, contentOf, editedText } from "./sending.ts";

export const editingMethods: Record<string, Handler> = {
  editMessageText: (call, telegram) => edit(call, telegram, (message) => editedText(message, call, telegram)),

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
  /** A call without reply_markup keeps the keyboard. */
  keepsMarkup?: boolean;
}

/** Returns the new version; true for an inline message, whose chat the bot does not see. */
export function edit(
  call: Call,
  telegram: Telegram,
  change: (message: Message) => Content,
  { mayStay = false, keepsMarkup = false }: EditOptions = {},
): Message | true {
  const { world } = telegram;
  const isInline = call.has("inline_message_id");
  const { record, message } = isInline ? inlineMessageOf(call, telegram) : editableOf(call, telegram);
  const { reply_markup, ...changed } = withKnownUsers(change(message), world);
  const kept = keepsMarkup && reply_markup !== undefined ? { reply_markup } : {};
  const edited = { ...changed, ...kept, ...keyboardOf(call) } as Message;
  if (isDeepStrictEqual(withoutDate(edited), withoutDate(message))) {
    if (mayStay) return isInline || message;
    throw badRequest(
      "message is not modified: specified new message content and reply markup are exactly the same as a current " +
        "content and reply markup of the message",
    );
  }
  const replaced = replaceMessage(world, record, "bot", { ...edited, edit_date: world.date });
  return isInline || replaced;
}

function editableOf(call: Call, { world }: Telegram): { record: ChatRecord; message: Message } {
  const record = writableChatOf(world, call);
  const message = messageOf(record, call.number("message_id"), "edit");
  if (!mayEdit(world, record, message)) throw badRequest("message can't be edited");
  return { record, message };
}

/** The place of a message that the bot knows by its inline_message_id. @throws Refusal (400) */
export function inlinePlaceOf(call: Call, { world }: Telegram): InlinePlace {
  const place = world.inline.message(call.string("inline_message_id")!);
  if (place === undefined) throw badRequest("MESSAGE_ID_INVALID");
  return place;
}

function inlineMessageOf(call: Call, telegram: Telegram): { record: ChatRecord; message: Message } {
  const { record, message_id } = inlinePlaceOf(call, telegram);
  const message = record.messages.get(message_id);
  if (message === undefined) throw badRequest("MESSAGE_ID_INVALID");
  return { record, message };
}

/** The inline keyboard of a call, as a message has it. */
export function keyboardOf(call: Call): Pick<Message, "reply_markup"> {
  const { inline } = markupOf(call);
  return inline === undefined ? {} : { reply_markup: inline };
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

export function withMedia(message: Message, call: Call, telegram: Telegram): Content {
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
