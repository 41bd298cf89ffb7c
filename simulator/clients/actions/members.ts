/** Users and the bot join, leave, and get rights: https://core.telegram.org/bots/api#chatmemberupdated */

import type { User } from "@grammyjs/types";
import type { ChatRecord } from "../../state/chat-record.ts";
import { memberWith, movedMember } from "../../state/members.ts";
import { changeMember } from "../../state/membership.ts";
import { addMessage, withoutProfile } from "../../state/messages.ts";
import { administrator, hasRight, permissionsWith } from "../../state/rights.ts";
import { type ActionContext, type ActionHandlers, nameOf } from "../action-context.ts";
import { ActionError, type Status, type Takes } from "./actions.ts";

export const memberActions: ActionHandlers<"join" | "askToJoin" | "leave" | "memberStatus" | "botStatus" | "upgrade"> =
  {
    join({ user_id, chat_id, invite_link }, context) {
      const { user, record, link } = newcomer({ user_id, chat_id, invite_link }, context);
      if (link?.creates_join_request) throw new ActionError(`who follows ${link.invite_link} has to ask to join`);
      if (link !== undefined) record.invites.use(link);
      const next = movedMember(record.member(user_id), user, true);
      changeMember(context, record, { by: user, next, invite_link: link });
      return true;
    },

    askToJoin({ user_id, chat_id, invite_link, bio }, context) {
      const { world } = context;
      const { user, record, link } = newcomer({ user_id, chat_id, invite_link }, context);
      const query_id = world.nextQueryId();
      record.invites.requests.set(user_id, { user, query_id, ...(link && { link }) });
      context.person(user_id).askedUntil = world.date + CONTACT_TIME;
      if (!hasRight(record, world.bot.id, "can_invite_users")) return true;
      const more = { ...(bio !== undefined && { bio }), ...(link && { invite_link: link }) };
      const { chat } = record;
      context.push({
        chat_join_request: { chat, from: user, user_chat_id: user_id, date: world.date, ...more, query_id },
      });
      return true;
    },

    leave({ user_id, chat_id }, context) {
      const { user } = context.person(user_id);
      const record = context.record(chat_id);
      changeMember(context, record, { by: user, next: movedMember(record.member(user_id), user, false) });
      return true;
    },

    memberStatus({ user_id, chat_id, member_id, ...status }, context) {
      const record = context.record(chat_id);
      const { user } = context.person(member_id);
      if (record.statusOf(member_id) === "creator") throw new ActionError(`${user.first_name} owns ${nameOf(record)}`);
      setStatus(record, context.person(user_id).user, user, status, context);
      return true;
    },

    botStatus({ user_id, chat_id = user_id, ...status }, context) {
      const person = context.person(user_id);
      const record = chat_id === user_id ? context.world.privateChat(person) : context.record(chat_id);
      if (record.chat.type === "private") person.blocked = status.status === "kicked";
      setStatus(record, person.user, context.world.bot, status, context);
      return true;
    },

    upgrade({ user_id, chat_id }, context) {
      const { world } = context;
      const old = context.record(chat_id);
      if (old.chat.type !== "group") throw new ActionError(`${nameOf(old)} is not a basic group`);
      const supergroup = world.createChat({ title: old.chat.title, type: "supergroup" });
      supergroup.members.clear();
      for (const [id, member] of old.members) supergroup.members.set(id, member);
      supergroup.formerOwner = old.formerOwner;
      supergroup.permissions = old.permissions;
      const origin = { by: "user", from: context.person(user_id).user } as const;
      context.push({ message: addMessage(world, old, origin, { migrate_to_chat_id: supergroup.chat.id }) });
      context.push({ message: addMessage(world, supergroup, origin, { migrate_from_chat_id: old.chat.id }) });
      old.migratedTo = supergroup.chat.id;
      return supergroup.chat;
    },
  };

/** Seconds for which the bot may write to a user who asks to join: https://core.telegram.org/bots/api#chatjoinrequest */
const CONTACT_TIME = 300;

/** A user who may come in, and the link that leads there. */
function newcomer({ user_id, chat_id, invite_link }: Takes<"join">, context: ActionContext) {
  const { user } = context.person(user_id);
  const record = context.record(chat_id);
  if (record.statusOf(user_id) === "kicked")
    throw new ActionError(`${user.first_name} is banned from ${nameOf(record)}`);
  if (invite_link === undefined) return { user, record, link: undefined };
  const link = record.invites.get(invite_link);
  if (link === undefined) throw new ActionError(`${nameOf(record)} has no link ${invite_link}`);
  const reason = record.invites.closed(link, context.world.date);
  if (reason !== undefined) throw new ActionError(`the link ${invite_link} ${reason}`);
  return { user, record, link };
}

function setStatus(record: ChatRecord, by: User, who: User, { status, rights }: Status, context: ActionContext): void {
  const user = withoutProfile(who);
  const { type } = record.chat;
  // Bots are in a channel as its administrators.
  const isAdministrator = status === "administrator" || (status === "member" && who.is_bot && type === "channel");
  const next = isAdministrator
    ? administrator(user, type, rights)
    : memberWith(status, user, status === "restricted" ? permissionsWith(rights ?? {}) : {});
  changeMember(context, record, { by, next });
}
