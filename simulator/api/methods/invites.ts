/**
 * Invite links and join requests: https://core.telegram.org/bots/api#exportchatinvitelink to #declinechatjoinrequest.
 * Rights: tdlib, DialogInviteLinkManager.cpp (`can_manage_dialog_invite_links`), DialogParticipantManager.cpp.
 */

import type { ChatInviteLink } from "@grammyjs/types";
import type { ChatRecord } from "../../state/chat-record.ts";
import type { LinkOptions } from "../../state/invites.ts";
import { movedMember } from "../../state/members.ts";
import { changeMember } from "../../state/membership.ts";
import { SUBSCRIPTION_PERIOD } from "../../state/payments.ts";
import { hasRight } from "../../state/rights.ts";
import { writableChatOf } from "../access.ts";
import type { Call } from "../call.ts";
import { badRequest, queryIsOver } from "../refusal.ts";
import { requireRight } from "../rights.ts";
import type { Handler, Telegram } from "../telegram.ts";

const MAX_NAME = 32;
const MAX_PRICE = 10_000;

export const inviteMethods: Record<string, Handler> = {
  exportChatInviteLink(call, telegram) {
    const record = invitable(call, telegram);
    const { bot } = telegram.world;
    const old = record.invites.primary(bot.id);
    if (old !== undefined) record.invites.revoke(old.invite_link);
    const { invite_link } = record.invites.create(telegram.world.nextLink("+"), bot, {}, true);
    record.details = { ...record.details, invite_link };
    return invite_link;
  },

  createChatInviteLink: (call, telegram) => create(invitable(call, telegram), optionsIn(call), telegram),
  editChatInviteLink: (call, telegram) => edit(invitable(call, telegram), call, () => optionsIn(call), telegram),

  createChatSubscriptionInviteLink(call, telegram) {
    const record = invitable(call, telegram);
    const [subscription_period, subscription_price] = ["period", "price"].map((name) =>
      call.number(`subscription_${name}`),
    );
    if (record.chat.type !== "channel") throw badRequest("CHAT_NOT_SUPPORTED");
    if (subscription_period !== SUBSCRIPTION_PERIOD) throw badRequest("SUBSCRIPTION_PERIOD_INVALID");
    if (!(subscription_price! >= 1 && subscription_price! <= MAX_PRICE)) throw badRequest("STARS_AMOUNT_INVALID");
    return create(record, { ...nameIn(call), subscription_period, subscription_price: subscription_price! }, telegram);
  },

  editChatSubscriptionInviteLink: (call, telegram) =>
    edit(
      invitable(call, telegram),
      call,
      ({ subscription_period, subscription_price }) => ({
        ...nameIn(call),
        subscription_period: subscription_period!,
        subscription_price: subscription_price!,
      }),
      telegram,
    ),

  revokeChatInviteLink(call, telegram) {
    const record = invitable(call, telegram);
    const { invite_link, is_primary } = linkOf(record, call, telegram);
    const revoked = record.invites.revoke(invite_link);
    // "If the primary link is revoked, a new link is automatically generated."
    if (is_primary) {
      const next = record.invites.create(telegram.world.nextLink("+"), telegram.world.bot, {}, true);
      record.details = { ...record.details, invite_link: next.invite_link };
    }
    return revoked;
  },

  approveChatJoinRequest: (call, telegram) => decide(call, telegram, true),
  declineChatJoinRequest: (call, telegram) => decide(call, telegram, false),

  answerChatJoinRequestQuery(call, telegram) {
    const { record, user_id } = requestOf(call.string("chat_join_request_query_id")!, telegram);
    const result = call.string("result")!;
    if (!["approve", "decline", "queue"].includes(result)) throw badRequest("invalid result specified");
    // "queue" leaves the decision to other administrators.
    if (result !== "queue") settleRequest(telegram, record, user_id, result === "approve");
    return true;
  },
};

function invitable(call: Call, { world }: Telegram): ChatRecord {
  const record = writableChatOf(world, call);
  if (record.chat.type === "private") throw badRequest("can't invite members to a private chat");
  requireRight(world, record, "can_invite_users", "not enough rights to manage chat invite link");
  return record;
}

const create = (record: ChatRecord, options: LinkOptions, { world }: Telegram): ChatInviteLink =>
  record.invites.create(world.nextLink("+"), world.bot, options);

function edit(record: ChatRecord, call: Call, next: (link: ChatInviteLink) => LinkOptions, telegram: Telegram) {
  const link = linkOf(record, call, telegram);
  if (link.is_revoked) throw badRequest("INVITE_HASH_EXPIRED");
  return record.invites.edit(link.invite_link, next(link));
}

/** A link that the bot has made. */
function linkOf(record: ChatRecord, call: Call, { world }: Telegram): ChatInviteLink {
  const link = record.invites.get(call.string("invite_link")!);
  if (link === undefined) throw badRequest("INVITE_HASH_EXPIRED");
  if (link.creator.id !== world.bot.id) throw badRequest("CHAT_ADMIN_INVITE_REQUIRED");
  return link;
}

const nameIn = (call: Call) => ({ name: (call.string("name") ?? "").slice(0, MAX_NAME) });

function optionsIn(call: Call): LinkOptions {
  const [expire_date = 0, member_limit = 0] = [call.number("expire_date"), call.number("member_limit")];
  const creates_join_request = call.boolean("creates_join_request");
  if (creates_join_request && member_limit > 0) {
    throw badRequest("member limit can't be specified for links requiring administrator approval");
  }
  return { ...nameIn(call), expire_date, member_limit, creates_join_request };
}

function decide(call: Call, telegram: Telegram, isApproved: boolean): true {
  const { world } = telegram;
  const record = writableChatOf(world, call);
  if (record.chat.type === "private") throw badRequest("the chat can't have join requests");
  if (!hasRight(record, world.bot.id, "can_invite_users")) {
    throw badRequest("not enough rights to manage chat join requests");
  }
  const user_id = call.number("user_id")!;
  const request = record.invites.requests.get(user_id);
  if (request === undefined) {
    throw badRequest(record.has(user_id) ? "USER_ALREADY_PARTICIPANT" : "HIDE_REQUESTER_MISSING");
  }
  settleRequest(telegram, record, user_id, isApproved);
  return true;
}

/** A request by the id of its query. @throws Refusal (400) */
function requestOf(query_id: string, { world }: Telegram): { record: ChatRecord; user_id: number } {
  for (const record of world.chats) {
    for (const [user_id, request] of record.invites.requests) {
      if (request.query_id === query_id) return { record, user_id };
    }
  }
  throw queryIsOver();
}

/** Lets the user in, or not; the user's request is over. */
function settleRequest(telegram: Telegram, record: ChatRecord, user_id: number, isApproved: boolean): void {
  const { user, link } = record.invites.requests.get(user_id)!;
  record.invites.requests.delete(user_id);
  if (!isApproved) return;
  if (link !== undefined) record.invites.use(link);
  const by = { by: telegram.world.bot, next: movedMember(record.member(user_id), user, true) };
  changeMember(telegram, record, { ...by, invite_link: link, via_join_request: true });
}
