/** Business accounts: https://core.telegram.org/bots/api#readbusinessmessage to #transferbusinessaccountstars */

import type { StarTransaction, User } from "@grammyjs/types";
import type { UploadedFile } from "../../state/files.ts";
import { removeMessages } from "../../state/messages.ts";
import { connectionOf, requireBusinessRight } from "../business.ts";
import type { Call } from "../call.ts";
import { profilePhotoOf } from "../profile-photo.ts";
import { badRequest } from "../refusal.ts";
import type { Handler, Telegram } from "../telegram.ts";

const MAX_BIO = 140;

export const businessMethods: Record<string, Handler> = {
  getBusinessConnection: connectionOf,

  readBusinessMessage(call, telegram) {
    requireBusinessRight(call, telegram, "can_read_messages");
    const { id } = connectionOf(call, telegram);
    const record = telegram.world.chat(call.number("chat_id")!, id);
    if (record?.messages.has(call.number("message_id")!) !== true) throw badRequest("MESSAGE_ID_INVALID");
    return true;
  },

  deleteBusinessMessages(call, telegram) {
    const { world } = telegram;
    const { id, rights } = connectionOf(call, telegram);
    const right = rights?.can_delete_all_messages ? "can_delete_all_messages" : "can_delete_sent_messages";
    requireBusinessRight(call, telegram, right);
    const ids = call.array("message_ids")!.map(Number);
    const chats = world.businessChats(id).filter(({ messages }) => ids.some((one) => messages.has(one)));
    if (chats.length > 1) throw badRequest("messages must be in the same chat");
    for (const record of chats) {
      const isOthers = ids.some((one) => record.messages.has(one) && !record.outgoing.has(one));
      if (isOthers && right === "can_delete_sent_messages") throw badRequest("message can't be deleted");
      removeMessages(world, record, "bot", ids);
    }
    return true;
  },

  setBusinessAccountName: (call, telegram) =>
    changeUser(call, telegram, "can_edit_name", ({ last_name: _, ...user }) => ({
      ...user,
      first_name: call.string("first_name")!,
      ...(call.has("last_name") && { last_name: call.string("last_name")! }),
    })),

  setBusinessAccountUsername: (call, telegram) =>
    changeUser(call, telegram, "can_edit_username", ({ username: _, ...user }) => ({
      ...user,
      ...(call.has("username") && { username: call.string("username")! }),
    })),

  setBusinessAccountBio(call, telegram) {
    requireBusinessRight(call, telegram, "can_edit_bio");
    const bio = (call.string("bio") ?? "").trim();
    if (bio.length > MAX_BIO) throw badRequest("ABOUT_TOO_LONG");
    const record = accountChatOf(call, telegram);
    const { bio: _, ...details } = record.details;
    record.details = bio === "" ? details : { ...details, bio };
    return true;
  },

  setBusinessAccountProfilePhoto(call, telegram) {
    requireBusinessRight(call, telegram, "can_edit_profile_photo");
    const { user } = connectionOf(call, telegram);
    const { photos } = telegram.world.accounts;
    const photo = profilePhotoOf(call.object<Record<string, string | UploadedFile>>("photo")!, telegram);
    photos.set(user.id, [photo, ...(photos.get(user.id) ?? [])]);
    return true;
  },

  removeBusinessAccountProfilePhoto(call, telegram) {
    requireBusinessRight(call, telegram, "can_edit_profile_photo");
    const { user } = connectionOf(call, telegram);
    telegram.world.accounts.photos.get(user.id)?.shift();
    return true;
  },

  setBusinessAccountGiftSettings(call, telegram) {
    requireBusinessRight(call, telegram, "can_change_gift_settings");
    const record = accountChatOf(call, telegram);
    record.details = { ...record.details, accepted_gift_types: call.object("accepted_gift_types")! as never };
    return true;
  },

  getBusinessAccountStarBalance(call, telegram) {
    requireBusinessRight(call, telegram, "can_view_gifts_and_stars");
    return { amount: telegram.world.accounts.stars.get(connectionOf(call, telegram).user.id) ?? 0 };
  },

  transferBusinessAccountStars(call, telegram) {
    requireBusinessRight(call, telegram, "can_transfer_stars");
    const { accounts, payments, date } = telegram.world;
    const { user } = connectionOf(call, telegram);
    const amount = call.number("star_count")!;
    const balance = accounts.stars.get(user.id) ?? 0;
    if (balance < amount) throw badRequest("BALANCE_TOO_LOW");
    accounts.stars.set(user.id, balance - amount);
    const source = { type: "user", transaction_type: "business_account_transfer", user };
    payments.transactions.push({
      id: `simulated_transfer_${accounts.next()}`,
      amount,
      date,
      source,
    } as StarTransaction);
    return true;
  },
};

/** The account's private chat with the bot, whose getChat shows its profile. */
function accountChatOf(call: Call, telegram: Telegram) {
  const { user } = connectionOf(call, telegram);
  return telegram.world.privateChat(telegram.world.people.get(user.id) ?? telegram.world.adoptUser(user));
}

function changeUser(
  call: Call,
  telegram: Telegram,
  right: "can_edit_name" | "can_edit_username",
  change: (user: User) => User,
): true {
  requireBusinessRight(call, telegram, right);
  const { world } = telegram;
  const connection = connectionOf(call, telegram);
  const user = change(world.people.get(connection.user.id)?.user ?? connection.user);
  world.adoptUser(user);
  world.businessConnections.set(connection.id, { ...connection, user });
  const { id, first_name, last_name, username } = user;
  const names = { first_name, ...(last_name && { last_name }), ...(username && { username }) };
  accountChatOf(call, telegram).chat = { id, type: "private", ...names };
  return true;
}
