/** The origin of a message that is forwarded, or answered from another chat: https://core.telegram.org/bots/api#messageorigin */

import type { Message, MessageOrigin } from "@grammyjs/types";

export function originOf({ forward_origin, from, sender_chat, chat, date, message_id }: Message): MessageOrigin {
  if (forward_origin !== undefined) return forward_origin;
  if (chat.type === "channel") return { type: "channel", chat, message_id, date };
  if (sender_chat !== undefined) return { type: "chat", sender_chat, date };
  return { type: "user", sender_user: from!, date };
}
