/** Pinned messages: https://core.telegram.org/bots/api#pinchatmessage to #unpinallchatmessages */

import { quoted } from "../../state/messages.ts";
import { messageOf, writableChatOf } from "../access.ts";
import { announce } from "../announce.ts";
import type { Call } from "../call.ts";
import { badRequest } from "../refusal.ts";
import { requirePinning } from "../rights.ts";
import type { Handler, Telegram } from "../telegram.ts";

export const pinMethods: Record<string, Handler> = {
  pinChatMessage(call, telegram) {
    const record = pinnable(call, telegram);
    const message = messageOf(record, call.number("message_id"), "pin");
    const { message_id } = message;
    if (record.pinned.includes(message_id)) return true;
    record.pinned = [message_id, ...record.pinned];
    if (!call.has("business_connection_id")) announce(telegram, record, { pinned_message: quoted(message) });
    return true;
  },

  unpinChatMessage(call, telegram) {
    const record = pinnable(call, telegram);
    const message_id = call.number("message_id") ?? record.pinned[0];
    if (message_id === undefined || !record.pinned.includes(message_id)) throw badRequest("message to unpin not found");
    record.pinned = record.pinned.filter((id) => id !== message_id);
    return true;
  },

  unpinAllChatMessages(call, telegram) {
    pinnable(call, telegram).pinned = [];
    return true;
  },
};

function pinnable(call: Call, { world }: Telegram) {
  const record = writableChatOf(world, call);
  if (!call.has("business_connection_id")) requirePinning(world, record);
  return record;
}
