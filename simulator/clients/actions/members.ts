/** Users and the bot join and leave chats: https://core.telegram.org/bots/api#chatmemberupdated */

import type { User } from "@grammyjs/types";
import type { ChatRecord } from "../../state/chat-record.ts";
import { administrator, type MemberStatus, memberWith } from "../../state/members.ts";
import { addMessage, type Content, withoutProfile } from "../../state/messages.ts";
import { type ActionContext, type ActionHandlers, nameOf } from "../action-context.ts";
import { ActionError } from "./actions.ts";

export const memberActions: ActionHandlers<"join" | "leave" | "botStatus" | "upgrade"> = {
  join({ user_id, chat_id }, context) {
    const { user } = context.person(user_id);
    const record = context.record(chat_id);
    if (record.statusOf(user_id) === "kicked")
      throw new ActionError(`${user.first_name} is banned from ${nameOf(record)}`);
    changeMember(record, { by: user, who: user, status: "member" }, context);
    return true;
  },

  leave({ user_id, chat_id }, context) {
    const { user } = context.person(user_id);
    changeMember(context.record(chat_id), { by: user, who: user, status: "left" }, context);
    return true;
  },

  botStatus({ user_id, chat_id = user_id, status }, context) {
    const person = context.person(user_id);
    const record = chat_id === user_id ? context.world.privateChat(person) : context.record(chat_id);
    if (record.chat.type === "private") person.blocked = status === "kicked";
    changeMember(record, { by: person.user, who: context.world.bot, status }, context);
    return true;
  },

  upgrade({ user_id, chat_id }, context) {
    const { world } = context;
    const old = context.record(chat_id);
    if (old.chat.type !== "group") throw new ActionError(`${nameOf(old)} is not a basic group`);
    const supergroup = world.createChat(old.chat.title, "supergroup");
    for (const [id, member] of old.members) supergroup.members.set(id, member);
    const origin = { by: "user", from: context.person(user_id).user } as const;
    context.push({ message: addMessage(world, old, origin, { migrate_to_chat_id: supergroup.chat.id }) });
    context.push({ message: addMessage(world, supergroup, origin, { migrate_from_chat_id: old.chat.id }) });
    old.migratedTo = supergroup.chat.id;
    return supergroup.chat;
  },
};

interface Change {
  by: User;
  who: User;
  status: MemberStatus;
}

function changeMember(record: ChatRecord, { by, who, status }: Change, context: ActionContext): void {
  const { bot, date } = context.world;
  const { chat } = record;
  const isBot = who.id === bot.id;
  const user = withoutProfile(who);
  const isThere = () => record.has(who.id);
  const wasThere = isThere();
  // A private chat has no list of members; the bot is in it until it is blocked.
  const old_chat_member = record.members.get(who.id) ?? memberWith(chat.type === "private" ? "member" : "left", user);
  const new_chat_member = status === "administrator" ? administrator(user) : memberWith(status, user);
  record.members.set(who.id, new_chat_member);
  const change = { chat, from: withoutProfile(by), date, old_chat_member, new_chat_member };
  if (isBot) context.push({ my_chat_member: change });
  else if (context.receivesChanges(record)) context.push({ chat_member: change });

  if (chat.type === "private" || chat.type === "channel" || wasThere === isThere()) return;
  const notice: Content = wasThere ? { left_chat_member: user } : { new_chat_members: [user] };
  const message = addMessage(context.world, record, { by: "user", from: by }, notice);
  if (isBot || record.has(bot.id)) context.push({ message });
}
