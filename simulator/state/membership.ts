/** Changes of a member's status, and what the bot and the chat learn of it: https://core.telegram.org/bots/api#chatmemberupdated */

import type { ChatInviteLink, ChatMember, User } from "@grammyjs/types";
import type { ChatRecord } from "./chat-record.ts";
import type { Actor } from "./journal.ts";
import { memberWith } from "./members.ts";
import { addMessage, type Content, withoutProfile } from "./messages.ts";
import { receivesChanges } from "./receiving.ts";
import type { Simulation } from "./simulation.ts";

export interface MemberChange {
  /** The user who made the change. */
  by: User;
  next: ChatMember;
  invite_link?: ChatInviteLink | undefined;
  via_join_request?: true;
}

export function changeMember({ world, queue }: Simulation, record: ChatRecord, change: MemberChange): void {
  const { chat } = record;
  const { by, next: changed, ...via } = change;
  const next = changed.status === "member" ? ownerAgain(record, changed) : changed;
  const { user } = next;
  const isBot = user.id === world.bot.id;
  const wasThere = record.has(user.id);
  // A private chat has no list of members; the bot is in it until it is blocked.
  const old_chat_member = record.member(user.id) ?? memberWith(chat.type === "private" ? "member" : "left", user);
  const receives = isBot || receivesChanges(world, record);
  record.members.set(user.id, next);
  if (old_chat_member.status === "creator") record.formerOwner = old_chat_member;
  const updated = { chat, from: withoutProfile(by), date: world.date, old_chat_member, new_chat_member: next, ...via };
  if (receives) queue.push({ [isBot ? "my_chat_member" : "chat_member"]: updated });
  if (chat.type === "private" || chat.type === "channel" || wasThere === record.has(user.id)) return;
  const notice: Content = wasThere ? { left_chat_member: user } : { new_chat_members: [user] };
  // The user whose request was approved is the sender (Client.cpp, messageChatJoinByRequest).
  const from = via.via_join_request ? user : by;
  const actor: Actor = from.id === world.bot.id ? "bot" : "user";
  const message = addMessage(world, record, { by: actor, from }, notice);
  if (isBot || record.has(world.bot.id)) queue.push({ message });
}

/** An owner who comes back is the owner. Meanwhile others see that the user has left (Client.cpp, `JsonChatMember`). */
const ownerAgain = ({ formerOwner }: ChatRecord, member: ChatMember) =>
  formerOwner?.user.id === member.user.id ? formerOwner : member;
