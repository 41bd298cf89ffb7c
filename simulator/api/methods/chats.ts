/** Chats, and what a bot can learn of their members: https://core.telegram.org/bots/api#getchat to #getchatmember */

import type { ChatMember } from "@grammyjs/types";
import type { ChatRecord } from "../../state/chat-record.ts";
import { memberWith } from "../../state/members.ts";
import { changeMember } from "../../state/membership.ts";
import { withoutProfile } from "../../state/messages.ts";
import { readableChatOf, requireType, writableChatOf } from "../access.ts";
import type { Call } from "../call.ts";
import { plausible } from "../plausible.ts";
import { badRequest } from "../refusal.ts";
import type { Handler, Telegram } from "../telegram.ts";

export const NOT_PRIVATE = ["group", "supergroup", "channel"];

export const chatMethods: Record<string, Handler> = {
  getChat(call, telegram) {
    const record = readableChatOf(telegram.world, call);
    const { chat, permissions, pinned, details } = record;
    const message = record.messages.get(pinned[0] ?? -1);
    return {
      ...(plausible("ChatFullInfo", call, telegram) as object),
      ...chat,
      ...details,
      ...(chat.type === "private" && { can_send_gift: true }),
      ...(chat.username !== undefined && { active_usernames: [chat.username] }),
      ...((chat.type === "group" || chat.type === "supergroup") && { permissions }),
      ...(message !== undefined && { pinned_message: message }),
    };
  },

  getChatMember: (call, telegram) => memberOf(readableChatOf(telegram.world, call, "members"), call, telegram),

  getChatMemberCount: (call, { world }) => {
    const record = readableChatOf(world, call, "members");
    return record.chat.type === "private" ? 2 : [...record.members.keys()].filter((id) => record.has(id)).length;
  },

  getChatAdministrators(call, { world }) {
    const record = readableChatOf(world, call, "members");
    if (record.chat.type === "private") throw badRequest("there are no administrators in the private chat");
    const isOther = ({ status, user }: ChatMember) =>
      status === "creator" || (status === "administrator" && (!user.is_bot || user.id === world.bot.id));
    return [...record.members.values()].filter(isOther);
  },

  leaveChat(call, telegram) {
    const { world } = telegram;
    const record = writableChatOf(world, call);
    requireType(record, NOT_PRIVATE, "can't leave private chats");
    const user = withoutProfile(world.bot);
    changeMember(telegram, record, { by: user, next: memberWith("left", user) });
    return true;
  },
};

/** The member, in the chat or not. @throws Refusal (400) for an unknown user id */
export function memberOf(record: ChatRecord, call: Call, { world }: Telegram): ChatMember {
  const id = call.number("user_id")!;
  const member = record.member(id);
  if (member !== undefined) return member;
  const user = id === world.bot.id ? withoutProfile(world.bot) : world.people.get(id)?.user;
  if (user === undefined) throw badRequest("PARTICIPANT_ID_INVALID");
  return memberWith(record.chat.type === "private" ? "member" : "left", user);
}
