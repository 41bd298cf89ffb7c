/** Complete ChatMember objects, as Telegram sends them: https://core.telegram.org/bots/api#chatmember */

import type { ChatMember, User } from "@grammyjs/types";
import { objectSchema } from "../schemas.ts";

/** `status` of a ChatMember. */
export type MemberStatus = ChatMember["status"];

const TYPES: Record<MemberStatus, string> = {
  creator: "ChatMemberOwner",
  administrator: "ChatMemberAdministrator",
  member: "ChatMemberMember",
  restricted: "ChatMemberRestricted",
  left: "ChatMemberLeft",
  kicked: "ChatMemberBanned",
};

/** @param details rights and other fields; a right that is left out is false, but `is_member` is true */
export function memberWith(status: MemberStatus, user: User, details: object = {}): ChatMember {
  const rights = rightsOf(status).map((right) => [right, false]);
  return { status, user, ...Object.fromEntries(rights), ...ALWAYS[status], ...details } as ChatMember;
}

/** The user after coming in or going out. A restriction stays (td, DialogParticipant.cpp, `set_is_member`). */
export function movedMember(before: ChatMember | undefined, user: User, is_member: boolean): ChatMember {
  if (before?.status === "restricted") return { ...before, user, is_member };
  return memberWith(is_member ? "member" : "left", user);
}

/** The member at a date: restrictions and bans end (td, DialogParticipant.cpp, `update_restrictions`). */
export function memberAt(member: ChatMember, date: number): ChatMember {
  if (member.status !== "restricted" && member.status !== "kicked") return member;
  const hasEnded = member.until_date > 0 && date > member.until_date;
  if (!hasEnded) return member;
  return memberWith(member.status === "restricted" && member.is_member ? "member" : "left", member.user);
}

const ALWAYS: Partial<Record<MemberStatus, object>> = {
  restricted: { is_member: true, until_date: 0 },
  kicked: { until_date: 0 },
};

function rightsOf(status: MemberStatus): string[] {
  const fields = objectSchema(TYPES[status])?.fields ?? [];
  return fields.filter(({ required, type }) => required && type === "boolean").map(({ name }) => name);
}
