/**
 * The little Telegram that the bot lives in: users, chats, the bot itself. Pure state: no HTTP, no timers, the clock is
 * injected. What the bot may do in it is decided in api/, what its users do in clients/.
 */

import type { BusinessConnection, Chat, Message, User, UserFromGetMe } from "@grammyjs/types";
import { ChatRecord } from "./chat-record.ts";
import { Journal } from "./journal.ts";

export interface WorldOptions {
  /** Milliseconds since 1970. */
  now: () => number;
  bot: UserFromGetMe;
  /** How many messages and events are kept of each chat. */
  historyPerChat: number;
}

/** Somebody who is not the bot. */
export interface Person {
  user: User;
  /** Has written to the bot, which may therefore write back. */
  started: boolean;
  blocked: boolean;
}

/** A button that was pressed and waits for answerCallbackQuery. */
export interface PendingQuery {
  /** Whose log the answer goes to: the chat of the button, or the user's private chat. */
  chat_id: number;
  /** Milliseconds since 1970. */
  expires: number;
}

const FIRST_USER_ID = 7_000_000_001;
const FIRST_GROUP_ID = 4_000_000_001;
/** Supergroups and channels have ids below this one: -100 in front of their own number. */
const SUPERGROUP_BASE = -1_000_000_000_000;
const FIRST_SUPERGROUP = 2_000_000_001;

export class World {
  readonly bot: UserFromGetMe;
  readonly people = new Map<number, Person>();
  readonly journal: Journal;
  readonly businessConnections = new Map<string, BusinessConnection>();
  /** Queries that the bot has yet to answer, by id: callback, inline, shipping and pre-checkout ones. */
  readonly queries = new Map<string, PendingQuery>();
  readonly #chats = new Map<number | string, ChatRecord>();
  readonly #now: () => number;
  readonly #historyPerChat: number;
  /** Private chats and groups count their messages together, as they lie in one box of the bot's. */
  #lastMessageId = 0;
  #created = { users: 0, groups: 0, supergroups: 0, queries: 0 };

  constructor({ now, bot, historyPerChat }: WorldOptions) {
    this.#now = now;
    this.bot = bot;
    this.#historyPerChat = historyPerChat;
    this.journal = new Journal(historyPerChat);
  }

  /** Unix time, as messages carry it. */
  get date(): number {
    return Math.floor(this.#now() / 1000);
  }

  /** Every chat, business copies left out. */
  get chats(): ChatRecord[] {
    return [...this.#chats].filter(([key]) => typeof key === "number").map(([, record]) => record);
  }

  /** @param business_connection_id the chats of a business account are apart from the bot's own, with the same ids */
  chat(id: number, business_connection_id?: string): ChatRecord | undefined {
    return this.#chats.get(keyOf(id, business_connection_id));
  }

  chatByUsername(username: string): ChatRecord | undefined {
    const wanted = username.toLowerCase();
    return this.chats.find(({ chat }) => chat.type !== "private" && chat.username?.toLowerCase() === wanted);
  }

  /** Takes a chat in, or what is new about one that is known. */
  adoptChat(chat: Chat, business_connection_id?: string): ChatRecord {
    const key = keyOf(chat.id, business_connection_id);
    let record = this.#chats.get(key);
    if (record !== undefined) {
      record.chat = chat;
      return record;
    }
    record = new ChatRecord(chat, this.#historyPerChat);
    if (chat.type !== "private") record.join(this.bot);
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

  createChat(title: string, type: "group" | "supergroup" | "channel", details: { username?: string } = {}): ChatRecord {
    const id =
      type === "group"
        ? -(FIRST_GROUP_ID + this.#created.groups++)
        : SUPERGROUP_BASE - (FIRST_SUPERGROUP + this.#created.supergroups++);
    return this.adoptChat({ id, type, title, ...details } as Chat);
  }

  /** The private chat of the bot with a user. */
  privateChat({ user }: Person): ChatRecord {
    const known = this.chat(user.id);
    if (known !== undefined) return known;
    const { id, first_name, last_name, username } = user;
    const names = { first_name, ...(last_name && { last_name }), ...(username && { username }) };
    return this.adoptChat({ id, type: "private", ...names });
  }

  nextMessageId({ chat, lastMessageId }: ChatRecord): number {
    return chat.type === "private" || chat.type === "group" ? this.#lastMessageId + 1 : lastMessageId + 1;
  }

  /** Stores a message, whoever sent it, and counts on from its id. */
  keepMessage(record: ChatRecord, message: Message): void {
    record.keep(message);
    if (record.chat.type === "private" || record.chat.type === "group") {
      this.#lastMessageId = Math.max(this.#lastMessageId, message.message_id);
    } else {
      record.lastMessageId = Math.max(record.lastMessageId, message.message_id);
    }
  }

  /** A new id for a query, remembered until it is answered or `lifetime` seconds have passed. */
  openQuery(chat_id: number, lifetime: number, id = this.nextQueryId()): string {
    const now = this.#now();
    for (const [old, { expires }] of this.queries) {
      if (expires >= now) break;
      this.queries.delete(old);
    }
    this.queries.set(id, { chat_id, expires: now + lifetime * 1000 });
    return id;
  }

  /** Ends a query; undefined if there is none by that id, or it is too old. */
  closeQuery(id: string): PendingQuery | undefined {
    const query = this.queries.get(id);
    this.queries.delete(id);
    return query !== undefined && query.expires >= this.#now() ? query : undefined;
  }

  nextQueryId(): string {
    return String(300_000_000_000_000_000n + BigInt(++this.#created.queries));
  }
}

const keyOf = (id: number, business_connection_id: string | undefined) =>
  business_connection_id === undefined ? id : `${id}/${business_connection_id}`;
