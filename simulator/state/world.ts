/**
 * The simulated Telegram: users, chats, the bot itself. Pure state: no HTTP, no timers, an injected clock. The bot's
 * methods are in api/, the users' actions in clients/.
 */

import type {
  BusinessConnection,
  Chat,
  ChatAdministratorRights,
  ChatPermissions,
  Message,
  User,
  UserFromGetMe,
} from "@grammyjs/types";
import { Accounts } from "./accounts.ts";
import { ChatRecord } from "./chat-record.ts";
import { GENERAL, generalTopic } from "./forum.ts";
import { InlineMode } from "./inline.ts";
import { Journal } from "./journal.ts";
import { memberWith } from "./members.ts";
import { withoutProfile } from "./messages.ts";
import { Payments } from "./payments.ts";
import { administrator, permissionsWith } from "./rights.ts";
import { Scores } from "./scores.ts";
import { StickerSets } from "./stickers.ts";

export interface WorldOptions {
  /** Milliseconds since 1970. */
  now: () => number;
  bot: UserFromGetMe;
  /** Messages and events kept for each chat. */
  historyPerChat: number;
}

/** A user other than the bot. */
export interface Person {
  user: User;
  /** The user has written to the bot, so the bot may write to the user. */
  started: boolean;
  blocked: boolean;
  /** Seconds since 1970: until then the bot may write to the user, who asks to join a chat. */
  askedUntil?: number;
}

/** A query that waits for the bot's answer. */
export interface PendingQuery {
  /** The chat that records the answer: the chat of the button, or the user's private chat. */
  chat_id: number;
  /** Milliseconds since 1970. */
  expires: number;
}

/** The bot in a group or channel: without rights, with every right, with these, or not there. */
export type BotRole = "member" | "administrator" | "left" | Partial<ChatAdministratorRights>;

export interface NewChat {
  title: string;
  type: "group" | "supergroup" | "channel";
  username?: string;
  /** A supergroup with topics. */
  is_forum?: true;
  /** Default: a user named Owner. */
  owner?: User;
  /** Default: a member of a group, an administrator with every right of a channel. */
  bot?: BotRole;
  /** Permissions of members; one that is left out is denied. Default: all. */
  permissions?: ChatPermissions;
  /** Seconds between two messages of a member. */
  slow_mode?: number;
}

/** The owner of the chats for which a test names none. */
export const OWNER: User = { id: 7_000_000_000, is_bot: false, first_name: "Owner", language_code: "en" };
const FIRST_USER_ID = 7_000_000_001;
const FIRST_GROUP_ID = 4_000_000_001;
/** Ids of supergroups and channels lie below this one: -100 in front of their number. */
const SUPERGROUP_BASE = -1_000_000_000_000;
const FIRST_SUPERGROUP = 2_000_000_001;

export class World {
  bot: UserFromGetMe;
  readonly people = new Map<number, Person>();
  readonly journal: Journal;
  readonly businessConnections = new Map<string, BusinessConnection>();
  /** Unanswered queries by id: callback, inline, shipping and pre-checkout. */
  readonly queries = new Map<string, PendingQuery>();
  readonly payments = new Payments();
  readonly inline = new InlineMode();
  readonly stickers = new StickerSets();
  readonly scores = new Scores();
  readonly accounts = new Accounts();
  readonly #chats = new Map<number | string, ChatRecord>();
  readonly #firstName: string;
  readonly #now: () => number;
  readonly #historyPerChat: number;
  /** Private chats and groups share one sequence of message ids. */
  #lastMessageId = 0;
  #created = { users: 0, groups: 0, supergroups: 0, queries: 0, links: 0 };

  constructor({ now, bot, historyPerChat }: WorldOptions) {
    this.#now = now;
    this.bot = bot;
    this.#firstName = bot.first_name;
    this.#historyPerChat = historyPerChat;
    this.journal = new Journal(historyPerChat);
  }

  /** @param name default: the bot's first name */
  rename(name = this.#firstName): void {
    this.bot = { ...this.bot, first_name: name };
  }

  /** Unix time in seconds, as in messages. */
  get date(): number {
    return Math.floor(this.#now() / 1000);
  }

  /** Every chat, without the chats of business accounts. */
  get chats(): ChatRecord[] {
    return [...this.#chats].filter(([key]) => typeof key === "number").map(([, record]) => record);
  }

  /** @param business_connection_id selects the chats of a business account, which have the same ids as the bot's own */
  chat(id: number, business_connection_id?: string): ChatRecord | undefined {
    return this.#chats.get(keyOf(id, business_connection_id));
  }

  /** The chats of a business account. */
  businessChats(business_connection_id: string): ChatRecord[] {
    const end = `/${business_connection_id}`;
    return [...this.#chats].filter(([key]) => String(key).endsWith(end)).map(([, record]) => record);
  }

  chatByUsername(username: string): ChatRecord | undefined {
    const wanted = username.toLowerCase();
    return this.chats.find(({ chat }) => chat.type !== "private" && chat.username?.toLowerCase() === wanted);
  }

  /** Adds a chat, or updates a known one. */
  adoptChat(chat: Chat, business_connection_id?: string): ChatRecord {
    const key = keyOf(chat.id, business_connection_id);
    let record = this.#chats.get(key);
    if (record !== undefined) {
      record.chat = chat;
      return record;
    }
    record = new ChatRecord(chat, this.#historyPerChat, () => this.date);
    if (chat.type !== "private") this.#setBotRole(record);
    this.#chats.set(key, record);
    return record;
  }

  adoptUser(user: User): Person {
    const known = this.people.get(user.id);
    if (known !== undefined) {
      known.user = user;
      return known;
    }
    const person = { user, started: false, blocked: false };
    this.people.set(user.id, person);
    return person;
  }

  personByName(name: string): Person | undefined {
    const wanted = name.toLowerCase();
    for (const person of this.people.values()) {
      if (person.user.username?.toLowerCase() === wanted || person.user.first_name.toLowerCase() === wanted)
        return person;
    }
    return undefined;
  }

  createUser(name: string, details: Partial<User> = {}): Person {
    const id = FIRST_USER_ID + this.#created.users++;
    const username = /^\w{1,32}$/.test(name) ? { username: name } : {};
    return this.adoptUser({ id, is_bot: false, first_name: name, ...username, language_code: "en", ...details });
  }

  chatByTitle(title: string): ChatRecord | undefined {
    return this.chats.find(({ chat }) => chat.title === title);
  }

  createChat({ title, type, owner = OWNER, bot, permissions, slow_mode, ...details }: NewChat): ChatRecord {
    const id =
      type === "group"
        ? -(FIRST_GROUP_ID + this.#created.groups++)
        : SUPERGROUP_BASE - (FIRST_SUPERGROUP + this.#created.supergroups++);
    const record = this.adoptChat({ id, type, title, ...details } as Chat);
    record.members.clear();
    record.members.set(owner.id, memberWith("creator", this.adoptUser(owner).user));
    this.#setBotRole(record, bot);
    if (details.is_forum) {
      record.topics.set(GENERAL, generalTopic(owner.id));
      // The thread of the General topic is the message about the group's creation.
      record.lastMessageId = GENERAL;
    }
    if (slow_mode !== undefined) record.details = { slow_mode_delay: slow_mode };
    if (permissions !== undefined) record.permissions = permissionsWith(permissions);
    return record;
  }

  #setBotRole(record: ChatRecord, role: BotRole = record.chat.type === "channel" ? "administrator" : "member"): void {
    const { type } = record.chat;
    const user = withoutProfile(this.bot);
    const isMember = role === "member" || role === "left";
    const rights = typeof role === "object" ? role : undefined;
    record.members.set(user.id, isMember ? memberWith(role, user) : administrator(user, type, rights));
  }

  /** The private chat of the bot with a user. */
  privateChat({ user }: Person): ChatRecord {
    const known = this.chat(user.id);
    if (known !== undefined) return known;
    return this.adoptChat(privateChatOf(user));
  }

  nextMessageId({ chat, lastMessageId }: ChatRecord): number {
    return chat.type === "private" || chat.type === "group" ? this.#lastMessageId + 1 : lastMessageId + 1;
  }

  /** Stores a message. Later message ids continue from its id. */
  keepMessage(record: ChatRecord, message: Message): void {
    record.keep(message);
    if (record.chat.type === "private" || record.chat.type === "group") {
      this.#lastMessageId = Math.max(this.#lastMessageId, message.message_id);
    } else {
      record.lastMessageId = Math.max(record.lastMessageId, message.message_id);
    }
  }

  /** Opens a query for `lifetime` seconds and returns its id. */
  openQuery(chat_id: number, lifetime: number, id = this.nextQueryId()): string {
    const now = this.#now();
    for (const [old, { expires }] of this.queries) {
      if (expires >= now) break;
      this.queries.delete(old);
    }
    this.queries.set(id, { chat_id, expires: now + lifetime * 1000 });
    return id;
  }

  /** Closes a query; undefined if it is unknown or expired. */
  closeQuery(id: string): PendingQuery | undefined {
    const query = this.queries.get(id);
    this.queries.delete(id);
    return query !== undefined && query.expires >= this.#now() ? query : undefined;
  }

  /** @param mark of the kind of link: `+` invites, `$` asks for a payment */
  nextLink(mark: "+" | "$"): string {
    return `https://t.me/${mark}simulated${String(++this.#created.links).padStart(4, "0")}`;
  }

  nextQueryId(): string {
    return String(300_000_000_000_000_000n + BigInt(++this.#created.queries));
  }
}

export function privateChatOf({ id, first_name, last_name, username }: User): Chat.PrivateChat {
  return { id, type: "private", first_name, ...(last_name && { last_name }), ...(username && { username }) };
}

const keyOf = (id: number, business_connection_id: string | undefined) =>
  business_connection_id === undefined ? id : `${id}/${business_connection_id}`;
