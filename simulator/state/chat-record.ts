/** One chat: its messages, members and settings. */

import type {
  AcceptedGiftTypes,
  Chat,
  ChatMember,
  ChatPermissions,
  ChatPhoto,
  Message,
  ReactionType,
  ReplyKeyboardMarkup,
  User,
} from "@grammyjs/types";

import type { Topic } from "./forum.ts";
import { Invites } from "./invites.ts";
import { type MemberStatus, memberAt } from "./members.ts";
import { ALL_PERMISSIONS } from "./rights.ts";

/** Fields that a bot or a test can set, and that getChat returns. */
export interface FullInfo {
  description?: string;
  photo?: ChatPhoto;
  invite_link?: string;
  sticker_set_name?: string;
  slow_mode_delay?: number;
  join_by_request?: true;
  bio?: string;
  emoji_status_custom_emoji_id?: string;
  emoji_status_expiration_date?: number;
  accepted_gift_types?: AcceptedGiftTypes;
}

export class ChatRecord {
  chat: Chat;
  /** By message_id, in the order of sending. A message is never changed in place: an edit replaces the object. */
  readonly messages = new Map<number, Message>();
  /** As they were set: `member()` knows what has ended since. */
  readonly members = new Map<number, ChatMember>();
  /** Topics of a forum by their thread. */
  readonly topics = new Map<number, Topic>();
  readonly invites = new Invites();
  /** Messages that one user sees, by `user_id/ephemeral_message_id`. */
  readonly ephemeral = new Map<string, Message>();
  /** message_ids, the last pinned first. */
  pinned: number[] = [];
  /** An owner who has left. */
  formerOwner: ChatMember | undefined;
  /** The current reply keyboard; inline keyboards are in their messages. */
  keyboard: ReplyKeyboardMarkup | undefined;
  /** Fields that getChat returns beside the Chat itself. */
  details: FullInfo = {};
  /** Permissions of members that are not restricted. Of no meaning in private chats and channels. */
  permissions: ChatPermissions = ALL_PERMISSIONS;
  /** message_ids of the bot's own messages. */
  readonly outgoing = new Set<number>();
  /** message_ids of messages that gave or took a reply keyboard, or asked for a reply. */
  readonly withReplyMarkup = new Set<number>();
  /** Ids of the channels that may not write in the group's name. */
  readonly bannedSenders = new Set<number>();
  /** Each user's reaction to a message and vote in a poll, by `user_id/message_id`. */
  readonly reactions = new Map<string, ReactionType[]>();
  readonly votes = new Map<string, number[]>();
  /** The id of the supergroup that the group became. */
  migratedTo: number | undefined;
  /** For supergroups and channels, which have their own message ids. */
  lastMessageId = 0;
  readonly #historyLimit: number;
  readonly #date: () => number;

  /** @param date the world's date: seconds since 1970 */
  constructor(chat: Chat, historyLimit: number, date: () => number) {
    this.chat = chat;
    this.#historyLimit = historyLimit;
    this.#date = date;
  }

  /** Stores a new message, or a new version of one. Beyond the limit the oldest message is dropped. */
  keep(message: Message): void {
    this.messages.set(message.message_id, message);
    if (this.messages.size <= this.#historyLimit) return;
    for (const oldest of this.messages.keys()) {
      this.messages.delete(oldest);
      this.outgoing.delete(oldest);
      this.withReplyMarkup.delete(oldest);
      break;
    }
  }

  /** The member as of now; undefined for a user who has never been a member. */
  member(user_id: number): ChatMember | undefined {
    const member = this.members.get(user_id);
    return member && memberAt(member, this.#date());
  }

  statusOf(user_id: number): MemberStatus {
    return this.member(user_id)?.status ?? "left";
  }

  /** True if the user is in the chat, restricted or not. */
  has(user_id: number): boolean {
    const member = this.member(user_id);
    if (member === undefined) return false;
    return member.status === "restricted" ? member.is_member : member.status !== "left" && member.status !== "kicked";
  }

  /** The latest message that matches. */
  latest(matches: (message: Message) => boolean): Message | undefined {
    return [...this.messages.values()].findLast(matches);
  }

  join(user: User): void {
    this.members.set(user.id, { status: "member", user });
  }

  get owner(): ChatMember | undefined {
    return [...this.members.values()].find(({ status }) => status === "creator");
  }
}
