/** The methods that act on the world, by subject. Every other method of the Bot API gets a plausible answer. */

import { answerMethods } from "./methods/answers.ts";
import { businessMethods } from "./methods/business.ts";
import { chatSettingMethods } from "./methods/chat-settings.ts";
import { chatMethods } from "./methods/chats.ts";
import { copyingMethods } from "./methods/copying.ts";
import { editingMethods } from "./methods/editing.ts";
import { ephemeralMethods } from "./methods/ephemeral.ts";
import { forumMethods } from "./methods/forum.ts";
import { gameMethods } from "./methods/games.ts";
import { giftMethods } from "./methods/gifts.ts";
import { inlineMethods } from "./methods/inline.ts";
import { inviteMethods } from "./methods/invites.ts";
import { managedBotMethods } from "./methods/managed-bots.ts";
import { memberMethods } from "./methods/members.ts";
import { paymentMethods } from "./methods/payments.ts";
import { pinMethods } from "./methods/pins.ts";
import { pollMethods } from "./methods/polls.ts";
import { profileMethods } from "./methods/profile.ts";
import { reactionMethods } from "./methods/reactions.ts";
import { sendingMethods } from "./methods/sending.ts";
import { stickerMethods } from "./methods/stickers.ts";
import { storyMethods } from "./methods/stories.ts";
import { updateMethods } from "./methods/updates.ts";
import { userMethods } from "./methods/users.ts";
import type { Handler } from "./telegram.ts";

export const METHODS_BY_SUBJECT: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  Updates: updateMethods,
  "The bot itself, its commands and files": profileMethods,
  Sending: sendingMethods,
  "Forwards and copies": copyingMethods,
  "Edits and deletions": editingMethods,
  "Ephemeral messages": ephemeralMethods,
  Callbacks: answerMethods,
  Polls: pollMethods,
  Reactions: reactionMethods,
  Chats: chatMethods,
  "Settings of chats": chatSettingMethods,
  "Pinned messages": pinMethods,
  "Members and their rights": memberMethods,
  "Invite links and join requests": inviteMethods,
  "Topics of forums": forumMethods,
  "Inline mode and web apps": inlineMethods,
  "Payments and Stars": paymentMethods,
  Games: gameMethods,
  Stickers: stickerMethods,
  Gifts: giftMethods,
  "Business accounts": businessMethods,
  Stories: storyMethods,
  "Managed bots": managedBotMethods,
  "Other users": userMethods,
};
