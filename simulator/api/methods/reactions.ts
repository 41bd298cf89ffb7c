/** Reactions: https://core.telegram.org/bots/api#setmessagereaction, #deletemessagereaction, #deleteallmessagereactions */

import type { ReactionType } from "@grammyjs/types";
import type { ChatRecord } from "../../state/chat-record.ts";
import { actorOf, type ReactionChange, react, reactionsBy } from "../../state/reactions.ts";
import { messageOf, requireType, writableChatOf } from "../access.ts";
import type { Call } from "../call.ts";
import { badRequest } from "../refusal.ts";
import { requireRight } from "../rights.ts";
import type { Handler, Telegram } from "../telegram.ts";
import { GROUPS, ONLY_GROUPS } from "./members.ts";

export const reactionMethods: Record<string, Handler> = {
  setMessageReaction(call, telegram) {
    const { world } = telegram;
    const record = writableChatOf(world, call);
    const { message_id } = messageOf(record, call.number("message_id"), "react");
    const reaction = call.array<ReactionType>("reaction") ?? [];
    if (reaction.some(({ type }) => !["emoji", "custom_emoji", "paid"].includes(type))) {
      throw badRequest("invalid reaction type specified");
    }
    react(telegram, record, { by: "bot", actor: { user: world.bot }, message_id, reaction });
    return true;
  },

  deleteMessageReaction(call, telegram) {
    const record = moderated(call, telegram);
    const { message_id } = messageOf(record, call.number("message_id"), "react");
    take(telegram, record, call, message_id);
    return true;
  },

  deleteAllMessageReactions(call, telegram) {
    const record = moderated(call, telegram);
    for (const message_id of reactionsBy(record, actorIn(call))) take(telegram, record, call, message_id);
    return true;
  },
};

function moderated(call: Call, { world }: Telegram): ChatRecord {
  const record = writableChatOf(world, call);
  requireType(record, GROUPS, ONLY_GROUPS);
  requireRight(world, record, "can_delete_messages", "CHAT_ADMIN_REQUIRED");
  return record;
}

function actorIn(call: Call): number {
  const id = call.number("user_id") ?? call.number("actor_chat_id");
  if (id === undefined) throw badRequest("invalid user_id specified");
  return id;
}

function take(telegram: Telegram, record: ChatRecord, call: Call, message_id: number): void {
  const actor: ReactionChange["actor"] | undefined = actorOf(telegram.world, actorIn(call));
  if (actor === undefined) throw badRequest("PARTICIPANT_ID_INVALID");
  react(telegram, record, { by: "bot", actor, message_id, reaction: [] });
}
