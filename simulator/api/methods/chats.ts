/** Chats and their members: https://core.telegram.org/bots/api#banchatmember to #getchatmember */

import type { ChatMember, ChatPermissions, ReactionType } from "@grammyjs/types";
import type { ChatRecord } from "../../state/chat-record.ts";
import { memberWith } from "../../state/members.ts";
import { addMessage, withoutProfile } from "../../state/messages.ts";
import { chatOf, messageOf, requireType, writableChatOf } from "../access.ts";
import type { Call } from "../call.ts";
import { plausible } from "../plausible.ts";
import { badRequest } from "../refusal.ts";
import type { Handler, Telegram } from "../telegram.ts";

const GROUPS = ["group", "supergroup"];
const NOT_PRIVATE = ["group", "supergroup", "channel"];

export const chatMethods: Record<string, Handler> = {
  getChat(call, telegram) {
    const record = chatOf(telegram.world, call);
    const { description, permissions, pinned } = record;
    const message = record.messages.get(pinned[0] ?? -1);
    return {
      ...(plausible("ChatFullInfo", call, telegram) as object),
      ...record.chat,
      ...(description !== undefined && { description }),
      ...(permissions !== undefined && { permissions }),
      ...(message !== undefined && { pinned_message: message }),
    };
  },

  getChatMember(call, telegram) {
    const record = chatOf(telegram.world, call);
    return memberOf(record, call, telegram);
  },

  getChatMemberCount: (call, { world }) => {
    const record = chatOf(world, call);
    return record.chat.type === "private" ? 2 : [...record.members.keys()].filter((id) => record.has(id)).length;
  },

  getChatAdministrators(call, { world }) {
    const record = chatOf(world, call);
    if (record.chat.type === "private") throw badRequest("there are no administrators in the private chat");
    const isOther = ({ status, user }: ChatMember) =>
      status === "creator" || (status === "administrator" && (!user.is_bot || user.id === world.bot.id));
    return [...record.members.values()].filter(isOther);
  },

  banChatMember: (call, telegram) => {
    const until_date = call.number("until_date") ?? 0;
    return change(call, telegram, ({ user }) => memberWith("kicked", user, { until_date }));
  },

  unbanChatMember: (call, telegram) =>
    change(call, telegram, (member) => {
      const stays = call.boolean("only_if_banned") && member.status !== "kicked";
      return stays ? member : memberWith("left", member.user);
    }),

  restrictChatMember: (call, telegram) =>
    change(call, telegram, ({ user }) => memberWith("restricted", user, call.object("permissions"))),

  promoteChatMember: (call, telegram) =>
    change(call, telegram, ({ user }) => {
      const rights = Object.entries(call.values).filter(([name]) => /^(can_|is_anonymous)/.test(name));
      const isPromoted = rights.some(([, granted]) => granted === true);
      return isPromoted ? memberWith("administrator", user, Object.fromEntries(rights)) : memberWith("member", user);
    }),

  leaveChat(call, { world }) {
    const record = writableChatOf(world, call);
    requireType(record, NOT_PRIVATE, "chat member status can't be changed in private chats");
    record.members.set(world.bot.id, memberWith("left", withoutProfile(world.bot)));
    return true;
  },

  setChatTitle(call, { world }) {
    const record = writableChatOf(world, call);
    requireType(record, NOT_PRIVATE, "can't change private chat title");
    const title = call.string("title")!;
    record.chat = { ...record.chat, title } as typeof record.chat;
    addMessage(world, record, { by: "bot", from: world.bot }, { new_chat_title: title });
    return true;
  },

  setChatDescription(call, { world }) {
    const record = writableChatOf(world, call);
    requireType(record, NOT_PRIVATE, "can't change private chat description");
    record.description = call.string("description");
    return true;
  },

  setChatPermissions(call, { world }) {
    const record = writableChatOf(world, call);
    requireType(record, GROUPS, "method is available only for groups and supergroups");
    record.permissions = call.object<ChatPermissions>("permissions");
    return true;
  },

  pinChatMessage(call, { world }) {
    const record = writableChatOf(world, call);
    const { message_id } = messageOf(record, call.number("message_id"), "pin");
    record.pinned = [message_id, ...record.pinned.filter((id) => id !== message_id)];
    return true;
  },

  unpinChatMessage(call, { world }) {
    const record = writableChatOf(world, call);
    const message_id = call.number("message_id") ?? record.pinned[0];
    if (message_id === undefined || !record.pinned.includes(message_id)) throw badRequest("message to unpin not found");
    record.pinned = record.pinned.filter((id) => id !== message_id);
    return true;
  },

  unpinAllChatMessages(call, { world }) {
    writableChatOf(world, call).pinned = [];
    return true;
  },

  setMessageReaction(call, { world }) {
    const record = writableChatOf(world, call);
    const { message_id } = messageOf(record, call.number("message_id"), "react");
    const reaction = call.array<ReactionType>("reaction") ?? [];
    if (reaction.some(({ type }) => !["emoji", "custom_emoji", "paid"].includes(type))) {
      throw badRequest("invalid reaction type specified");
    }
    world.journal.record(record.chat.id, { by: "bot", type: "reaction", message_id, reaction });
    return true;
  },

  approveChatJoinRequest(call, telegram) {
    return change(call, telegram, ({ user }) => memberWith("member", user));
  },
};

/** @throws Refusal (400) for an unknown user id */
function memberOf(record: ChatRecord, call: Call, { world }: Telegram): ChatMember {
  const id = call.number("user_id")!;
  const member = record.members.get(id);
  if (member !== undefined) return member;
  const user = id === world.bot.id ? withoutProfile(world.bot) : world.people.get(id)?.user;
  if (user === undefined) throw badRequest("PARTICIPANT_ID_INVALID");
  return memberWith(record.chat.type === "private" ? "member" : "left", user);
}

function change(call: Call, telegram: Telegram, next: (member: ChatMember) => ChatMember): true {
  const record = writableChatOf(telegram.world, call);
  requireType(record, NOT_PRIVATE, "chat member status can't be changed in private chats");
  const member = memberOf(record, call, telegram);
  if (member.status === "creator") throw badRequest("can't remove chat owner");
  record.members.set(member.user.id, next(member));
  return true;
}
