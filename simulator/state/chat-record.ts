/** One chat: its messages, its members, and where the bot stands in it. */

import type {
  Chat,
  ChatMember,
  ChatPermissions,
  Message,
  ReactionType,
  ReplyKeyboardMarkup,
  User,
} from "@grammyjs/types";

import type { MemberStatus } from "./members.ts";

export class ChatRecord {
  chat: Chat;
  /** By message_id, in the order of sending. Messages are never changed in place: an edit puts a new object here. */
  readonly messages = new Map<number, Message>();
  readonly members = new Map<number, ChatMember>();
  /** message_ids, the one pinned last first. */
  pinned: number[] = [];
  /** The reply keyboard in effect; inline keyboards are in their messages. */
  keyboard: ReplyKeyboardMarkup | undefined;
  /** What getChat tells beyond the Chat itself. */
  description: string | undefined;
  permissions: ChatPermissions | undefined;
  /** What each user thinks of each message, and voted in each poll: by `user_id/message_id`. */
  readonly reactions = new Map<string, ReactionType[]>();
  readonly votes = new Map<string, number[]>();
  /** Set when the group has become a supergroup with this id. */
  migratedTo: number | undefined;
  /** For supergroups and channels, which count their messages themselves. */
  lastMessageId = 0;
  readonly #historyLimit: number;

  constructor(chat: Chat, historyLimit: number) {
    this.chat = chat;
    this.#historyLimit = historyLimit;
  }

  /** Puts in a new message, or a new version of one. The oldest are forgotten beyond the limit. */
  keep(message: Message): void {
    this.messages.set(message.message_id, message);
    if (this.messages.size <= this.#historyLimit) return;
    for (const oldest of this.messages.keys()) {
      this.messages.delete(oldest);
      break;
    }
  }

  statusOf(user_id: number): MemberStatus {
    return this.members.get(user_id)?.status ?? "left";
  }

  /** Whether the user is in the chat, restricted or not. */
  has(user_id: number): boolean {
    const member = this.members.get(user_id);
    if (member === undefined) return false;
    return member.status === "restricted" ? member.is_member : member.status !== "left" && member.status !== "kicked";
  }

  /** The latest message of a kind. */
  latest(matches: (message: Message) => boolean): Message | undefined {
    return [...this.messages.values()].findLast(matches);
  }

  join(user: User): void {
    this.members.set(user.id, { status: "member", user });
  }
}
