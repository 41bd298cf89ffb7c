/** Messages in a group that one user sees: https://core.telegram.org/bots/api#ephemeral-messages-and-commands */

import type { Message } from "@grammyjs/types";
import type { Content } from "../../state/messages.ts";
import { chatOf } from "../access.ts";
import type { Call } from "../call.ts";
import { badRequest } from "../refusal.ts";
import type { Handler, Telegram } from "../telegram.ts";
import { keyboardOf, withMedia } from "./editing.ts";
import { captionOf, editedText } from "./sending.ts";

export const ephemeralMethods: Record<string, Handler> = {
  editEphemeralMessageText: (call, telegram) => edit(call, telegram, (message) => editedText(message, call, telegram)),

  editEphemeralMessageCaption: (call, telegram) =>
    edit(call, telegram, ({ caption: _, caption_entities: __, ...rest }) => ({
      ...rest,
      ...captionOf(call),
    })),

  editEphemeralMessageMedia: (call, telegram) => edit(call, telegram, (message) => withMedia(message, call, telegram)),
  editEphemeralMessageReplyMarkup: (call, telegram) => edit(call, telegram, (message) => message),

  deleteEphemeralMessage(call, telegram) {
    const { record, key, ephemeral_message_id, receiver_user_id } = ephemeralOf(call, telegram, "delete");
    record.ephemeral.delete(key);
    const deleted = { by: "bot", type: "ephemeral-deleted", ephemeral_message_id, receiver_user_id } as const;
    telegram.world.journal.record(record.chat.id, deleted);
    return true;
  },
};

function ephemeralOf(call: Call, { world }: Telegram, purpose: string) {
  const record = chatOf(world, call);
  const receiver_user_id = call.number("receiver_user_id")!;
  const ephemeral_message_id = call.number("ephemeral_message_id")!;
  const key = `${receiver_user_id}/${ephemeral_message_id}`;
  const message = record.ephemeral.get(key);
  if (message === undefined) throw badRequest(`message to ${purpose} not found`);
  return { record, key, message, ephemeral_message_id, receiver_user_id };
}

function edit(call: Call, telegram: Telegram, change: (message: Message) => Content): true {
  const { world } = telegram;
  const { record, key, message, receiver_user_id } = ephemeralOf(call, telegram, "edit");
  const { reply_markup: _, ...changed } = change(message);
  const edited = { ...changed, ...keyboardOf(call), edit_date: world.date } as Message;
  record.ephemeral.set(key, edited);
  world.journal.record(record.chat.id, { by: "bot", type: "ephemeral", message: edited, receiver_user_id });
  return true;
}
