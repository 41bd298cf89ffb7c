/**
 * The bot bans, restricts and promotes members: https://core.telegram.org/bots/api#banchatmember to
 * #setchatmembertag. Who may do so to whom is tdlib's DialogParticipantManager.cpp (`set_channel_participant_status_impl`).
 */

import type { ChatAdministratorRights, ChatMember } from "@grammyjs/types";
import type { ChatRecord } from "../../state/chat-record.ts";
import { memberWith } from "../../state/members.ts";
import { changeMember } from "../../state/membership.ts";
import { withoutProfile } from "../../state/messages.ts";
import { administrator, rightsWith } from "../../state/rights.ts";
import { requireType, writableChatOf } from "../access.ts";
import type { Call } from "../call.ts";
import { permissionsIn } from "../permissions.ts";
import { badRequest } from "../refusal.ts";
import { requireRight } from "../rights.ts";
import type { Handler, Telegram } from "../telegram.ts";
import { memberOf, NOT_PRIVATE } from "./chats.ts";

export const GROUPS = ["group", "supergroup"];
const LARGE = ["supergroup", "channel"];
const ONLY_LARGE = "method is available for supergroup and channel chats only";
export const ONLY_GROUPS = "method is available only for groups and supergroups";
const MAX_TAG = 16;
/** Seconds. A ban or restriction that lasts longer or less long than these lasts forever. */
const SHORTEST_TERM = 30;
const LONGEST_TERM = 366 * 86_400;

export const memberMethods: Record<string, Handler> = {
  banChatMember(call, telegram) {
    const { record, member } = target(call, telegram, NOT_PRIVATE, "can't ban members in private chats");
    requireRestricting(telegram, record, member);
    // "Applied for supergroups and channels only."
    const until_date = record.chat.type === "group" ? 0 : endIn(call, telegram);
    return set(telegram, record, memberWith("kicked", member.user, { until_date }));
  },

  unbanChatMember(call, telegram) {
    const { record, member } = target(call, telegram, LARGE, ONLY_LARGE);
    if (call.boolean("only_if_banned") && member.status !== "kicked") return true;
    requireRestricting(telegram, record, member);
    return set(telegram, record, memberWith("left", member.user));
  },

  restrictChatMember(call, telegram) {
    const { record, member } = target(call, telegram, ["supergroup"], "method is available only for supergroups");
    requireRestricting(telegram, record, member);
    const permissions = permissionsIn(call);
    const is_member = record.has(member.user.id);
    const until_date = endIn(call, telegram);
    // A restriction that takes nothing away ends all restrictions.
    const isFree = Object.values(permissions).every((granted) => granted);
    const details = { ...permissions, is_member, until_date };
    const next = isFree ? memberWith(is_member ? "member" : "left", member.user) : undefined;
    return set(telegram, record, next ?? memberWith("restricted", member.user, details));
  },

  promoteChatMember(call, telegram) {
    const { record, member } = target(call, telegram, LARGE, ONLY_LARGE);
    const { world } = telegram;
    const rights = rightsWith(record.chat.type, call.values as Partial<ChatAdministratorRights>);
    const isPromoted = Object.values(rights).includes(true);
    if (member.status === "creator") throw badRequest("can't remove chat owner");
    if (member.user.id === world.bot.id && isPromoted) throw badRequest("can't promote self");
    if (member.user.id !== world.bot.id) {
      requireRight(world, record, "can_promote_members", "not enough rights");
      if (!mayBeEdited(member)) throw badRequest("CHAT_ADMIN_REQUIRED");
    }
    const own = record.member(world.bot.id) as unknown as Record<string, unknown>;
    const hasOwn = Object.entries(rights).every(([right, granted]) => !granted || own[right] === true);
    if (own.status !== "creator" && !hasOwn) throw badRequest("RIGHT_FORBIDDEN");
    const promoted = { ...administrator(member.user, record.chat.type, rights), can_be_edited: true } as ChatMember;
    return set(telegram, record, isPromoted ? promoted : memberWith("member", member.user));
  },

  setChatAdministratorCustomTitle(call, telegram) {
    const { record, member } = target(call, telegram, GROUPS, ONLY_GROUPS);
    if (member.status === "creator") throw badRequest("only the owner can edit their custom title");
    if (member.status !== "administrator") throw badRequest("user is not an administrator");
    if (!member.can_be_edited) throw badRequest("not enough rights to change custom title of the user");
    const custom_title = call.string("custom_title")!;
    if (custom_title.length > MAX_TAG) throw badRequest("CUSTOM_TITLE_INVALID");
    record.members.set(member.user.id, { ...member, custom_title });
    return true;
  },

  setChatMemberTag(call, telegram) {
    const { record, member } = target(call, telegram, GROUPS, ONLY_GROUPS);
    requireRight(telegram.world, record, "can_manage_tags" as never, "CHAT_ADMIN_REQUIRED");
    const { tag: _, ...plain } = member as ChatMember & { tag?: string };
    const tag = call.string("tag") ?? "";
    if (tag.length > MAX_TAG) throw badRequest("TAG_INVALID");
    record.members.set(member.user.id, { ...plain, ...(tag !== "" && { tag }) } as ChatMember);
    return true;
  },

  banChatSenderChat: (call, telegram) => setSenderBan(call, telegram, true),
  unbanChatSenderChat: (call, telegram) => setSenderBan(call, telegram, false),
};

/** The chat and the member that a method is about. */
function target(call: Call, telegram: Telegram, types: readonly string[], reason: string) {
  const record = writableChatOf(telegram.world, call);
  requireType(record, types, reason);
  return { record, member: memberOf(record, call, telegram) };
}

function requireRestricting({ world }: Telegram, record: ChatRecord, member: ChatMember): void {
  if (member.status === "creator") throw badRequest("can't remove chat owner");
  if (member.user.id === world.bot.id) throw badRequest("can't restrict self");
  requireRight(world, record, "can_restrict_members", "not enough rights to restrict/unrestrict chat member");
  if (!mayBeEdited(member)) throw badRequest("user is an administrator of the chat");
}

/** Only administrators whom the bot itself has promoted are under it. */
const mayBeEdited = (member: ChatMember) => member.status !== "administrator" || member.can_be_edited;

/** The date at which a ban or restriction ends; 0 for never (td, DialogParticipant.cpp, `get_dialog_participant_status`). */
function endIn(call: Call, { world }: Telegram): number {
  const until_date = call.number("until_date") ?? 0;
  const seconds = until_date - world.date;
  return seconds < SHORTEST_TERM || seconds > LONGEST_TERM ? 0 : until_date;
}

function set(telegram: Telegram, record: ChatRecord, next: ChatMember): true {
  changeMember(telegram, record, { by: withoutProfile(telegram.world.bot), next });
  return true;
}

function setSenderBan(call: Call, { world }: Telegram, isBanned: boolean): true {
  const record = writableChatOf(world, call);
  requireType(record, NOT_PRIVATE, "can't ban members in private chats");
  if (record.chat.type === "group") throw badRequest("can't ban chats in basic groups");
  const id = call.number("sender_chat_id")!;
  if (world.chat(id) === undefined) throw badRequest("chat not found");
  requireRight(world, record, "can_restrict_members", "not enough rights to restrict/unrestrict chat member");
  if (isBanned) record.bannedSenders.add(id);
  else record.bannedSenders.delete(id);
  return true;
}
