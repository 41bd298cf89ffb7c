/** The actions, carried out: each changes the world and puts into the queue what Telegram would tell the bot of it. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Chat, Message, Poll, User } from "@grammyjs/types";
import type { CallLog } from "../state/call-log.ts";
import type { ChatRecord } from "../state/chat-record.ts";
import { administrator, type MemberStatus, memberWith } from "../state/members.ts";
import { addMessage, type Content, quoted, replaceMessage, withoutProfile } from "../state/messages.ts";
import type { RawUpdate, UpdateQueue } from "../state/update-queue.ts";
import type { Person, World } from "../state/world.ts";
import { scanEntities } from "../text/scan.ts";
import { ActionError, type ActionName, type Gives, type Takes } from "./actions.ts";
import { adoptUpdate } from "./adopt.ts";
import { findButton } from "./buttons.ts";

/** Seconds for which a query can be answered. */
const CALLBACK_LIFETIME = 150;
const INLINE_LIFETIME = 30;

type Deeds = { [A in ActionName]: (takes: Takes<A>) => Gives<A> | Promise<Gives<A>> };

export interface StageOptions {
  world: World;
  queue: UpdateQueue;
  calls: CallLog;
}

export class Stage implements Deeds {
  readonly #world: World;
  readonly #queue: UpdateQueue;
  readonly #calls: CallLog;

  constructor({ world, queue, calls }: StageOptions) {
    this.#world = world;
    this.#queue = queue;
    this.#calls = calls;
  }

  user({ name, details }: Takes<"user">): User {
    return (this.#world.personByName(name) ?? this.#world.createUser(name, details)).user;
  }

  chat({ title, type = "supergroup", username }: Takes<"chat">): Chat {
    const known = this.#world.chatByTitle(title);
    return (known ?? this.#world.createChat(title, type, username === undefined ? {} : { username })).chat;
  }

  send({ content, reply_to, ...where }: Takes<"send">): Message {
    const { person, record } = this.#enter(where);
    const replied = reply_to === undefined ? undefined : record.messages.get(reply_to);
    if (reply_to !== undefined && replied === undefined) throw new ActionError(`no message ${reply_to} to reply to`);
    const message = addMessage(
      this.#world,
      record,
      { by: "user", from: person.user },
      {
        ...(replied && { reply_to_message: quoted(replied) }),
        ...withEntities(content),
      },
    );
    if (this.#hears(record, message)) this.#tell({ [postKind(record, "message", "channel_post")]: message });
    return message;
  }

  edit({ message_id, content, ...where }: Takes<"edit">): Message {
    const { person, record } = this.#enter(where);
    const message = this.#message(record, message_id);
    if (record.chat.type !== "channel" && message.from?.id !== person.user.id) {
      throw new ActionError(`message ${message_id} is not ${person.user.first_name}'s to edit`);
    }
    const { entities: _, ...rest } = message;
    const edited = { ...rest, ...withEntities(content), edit_date: this.#world.date } as Message;
    replaceMessage(this.#world, record, "user", edited);
    if (this.#hears(record, edited))
      this.#tell({ [postKind(record, "edited_message", "edited_channel_post")]: edited });
    return edited;
  }

  press({ message_id, button: choice, ...where }: Takes<"press">): Gives<"press"> {
    const { person, record } = this.#enter(where);
    const after = this.#world.journal.seq;
    const found = findButton(record, choice, message_id);
    if (found === undefined) throw new ActionError(`no button ${JSON.stringify(choice)} in ${nameOf(record)}`);
    if ("reply" in found) return { after, message: this.send({ ...where, content: found.reply(person.user) }) };
    const { button, message } = found;
    if ("url" in button) return { after, url: button.url };
    const says =
      "callback_data" in button
        ? { data: button.callback_data }
        : "callback_game" in button
          ? { game_short_name: message.game?.title ?? "" }
          : undefined;
    if (says === undefined) return { after };
    const id = this.#world.openQuery(record.chat.id, CALLBACK_LIFETIME);
    this.#tell({ callback_query: { id, from: person.user, message, chat_instance: String(record.chat.id), ...says } });
    return { after, callback_query_id: id };
  }

  /** Told only where the bot is an administrator, and in private chats: https://core.telegram.org/bots/api#update */
  react({ message_id, emoji, ...where }: Takes<"react">): true {
    const { person, record } = this.#enter(where);
    this.#message(record, message_id);
    const key = `${person.user.id}/${message_id}`;
    const old_reaction = record.reactions.get(key) ?? [];
    const new_reaction = emoji === undefined ? [] : [{ type: "emoji" as const, emoji: emoji as "👍" }];
    record.reactions.set(key, new_reaction);
    this.#world.journal.record(record.chat.id, { by: "user", type: "reaction", message_id, reaction: new_reaction });
    if (!this.#isWatched(record)) return true;
    const { chat } = record;
    const { date } = this.#world;
    this.#tell({ message_reaction: { chat, message_id, user: person.user, date, old_reaction, new_reaction } });
    return true;
  }

  vote({ message_id, options, ...where }: Takes<"vote">): true {
    const { person, record } = this.#enter(where);
    const message = this.#message(record, message_id);
    const poll = message.poll;
    if (poll === undefined || poll.is_closed) throw new ActionError(`message ${message_id} has no open poll`);
    if (options.some((option) => poll.options[option] === undefined)) throw new ActionError("no such option");
    const key = `${person.user.id}/${message_id}`;
    const before = record.votes.get(key) ?? [];
    record.votes.set(key, options);
    const counted = recount(poll, before, options);
    replaceMessage(this.#world, record, "user", { ...message, poll: counted });
    this.#tell({ poll: counted });
    if (poll.is_anonymous) return true;
    const option_persistent_ids = options.map((option) => poll.options[option]!.persistent_id);
    this.#tell({ poll_answer: { poll_id: poll.id, user: person.user, option_ids: options, option_persistent_ids } });
    return true;
  }

  join({ user_id, chat_id }: Takes<"join">): true {
    const person = this.#person(user_id);
    const record = this.#record(chat_id);
    if (record.statusOf(user_id) === "kicked") throw new ActionError(`${person.user.first_name} is banned`);
    this.#changeMember(record, person.user, person.user, "member");
    return true;
  }

  leave({ user_id, chat_id }: Takes<"leave">): true {
    const { user } = this.#person(user_id);
    this.#changeMember(this.#record(chat_id), user, user, "left");
    return true;
  }

  inlineQuery({ user_id, query, offset = "" }: Takes<"inlineQuery">): Gives<"inlineQuery"> {
    const { user } = this.#person(user_id);
    const after = this.#world.journal.seq;
    const id = this.#world.openQuery(user_id, INLINE_LIFETIME);
    this.#tell({ inline_query: { id, from: user, query, offset, chat_type: "sender" } });
    return { inline_query_id: id, after };
  }

  botStatus({ status, ...where }: Takes<"botStatus">): true {
    const person = this.#person(where.user_id);
    const record = where.chat_id === undefined ? this.#world.privateChat(person) : this.#record(where.chat_id);
    if (record.chat.type === "private") person.blocked = status === "kicked";
    this.#changeMember(record, person.user, this.#world.bot, status);
    return true;
  }

  upgrade({ user_id, chat_id }: Takes<"upgrade">): Chat {
    const { user } = this.#person(user_id);
    const old = this.#record(chat_id);
    if (old.chat.type !== "group") throw new ActionError(`${nameOf(old)} is no basic group`);
    const supergroup = this.#world.createChat(old.chat.title, "supergroup");
    for (const [id, member] of old.members) supergroup.members.set(id, member);
    const origin = { by: "user", from: user } as const;
    const leaving = addMessage(this.#world, old, origin, { migrate_to_chat_id: supergroup.chat.id });
    const arriving = addMessage(this.#world, supergroup, origin, { migrate_from_chat_id: old.chat.id });
    old.migratedTo = supergroup.chat.id;
    this.#tell({ message: leaving });
    this.#tell({ message: arriving });
    return supergroup.chat;
  }

  push({ updates }: Takes<"push">): Gives<"push"> {
    return updates.map((update) => {
      adoptUpdate(this.#world, update);
      return this.#queue.push(update) ?? null;
    });
  }

  messages({ chat_id }: Takes<"messages">): Message[] {
    return [...this.#record(chat_id).messages.values()];
  }

  events({ chat_id, after = 0, timeout = 0 }: Takes<"events">): Promise<Gives<"events">> {
    return this.#world.journal.next(chat_id, after, timeout);
  }

  async confirmed({ timeout = 10_000 }: Takes<"confirmed">): Promise<boolean> {
    const done = new AbortController();
    const tooLate = sleep(timeout, false, { signal: done.signal }).catch(() => false);
    const drained = this.#queue.drained().then(() => true);
    return await Promise.race([drained, tooLate]).finally(() => done.abort());
  }

  calls({ method }: Takes<"calls">): Gives<"calls"> {
    return this.#calls.calls.filter((call) => method === undefined || call.method === method);
  }

  #tell(update: RawUpdate): void {
    this.#queue.push(update);
  }

  #person(user_id: number): Person {
    const person = this.#world.people.get(user_id);
    if (person === undefined) throw new ActionError(`no user ${user_id}`);
    return person;
  }

  #record(chat_id: number): ChatRecord {
    const record = this.#world.chat(chat_id);
    if (record === undefined) throw new ActionError(`no chat ${chat_id}`);
    return record;
  }

  #message(record: ChatRecord, message_id: number): Message {
    const message = record.messages.get(message_id);
    if (message === undefined) throw new ActionError(`no message ${message_id} in ${nameOf(record)}`);
    return message;
  }

  /** The chat that somebody is about to act in. Who writes in a group for the first time is in it from then on. */
  #enter({ user_id, chat_id }: { user_id: number; chat_id?: number }): { person: Person; record: ChatRecord } {
    const person = this.#person(user_id);
    const record =
      chat_id === undefined || chat_id === user_id ? this.#world.privateChat(person) : this.#record(chat_id);
    if (record.chat.type === "private") {
      person.started = true;
      person.blocked = false;
    } else if (!record.members.has(user_id)) {
      record.join(person.user);
    } else if (!record.has(user_id)) {
      throw new ActionError(`${person.user.first_name} is not in ${nameOf(record)}`);
    }
    return { person, record };
  }

  /** Privacy mode, https://core.telegram.org/bots/features#privacy-mode: what a bot in a group is told of. */
  #hears(record: ChatRecord, message: Message): boolean {
    const { bot } = this.#world;
    const { type } = record.chat;
    if (type === "private") return true;
    if (!record.has(bot.id)) return false;
    if (type === "channel" || bot.can_read_all_group_messages || record.statusOf(bot.id) === "administrator")
      return true;
    const text = message.text ?? message.caption ?? "";
    const isCommand = /^\/\w+(?!\w*@)/.test(text) || text.includes(`@${bot.username}`);
    return isCommand || message.reply_to_message?.from?.id === bot.id;
  }

  #isWatched(record: ChatRecord): boolean {
    return record.chat.type === "private" || record.statusOf(this.#world.bot.id) === "administrator";
  }

  #changeMember(record: ChatRecord, by: User, who: User, status: MemberStatus): void {
    const { bot, date } = this.#world;
    const { chat } = record;
    const from = withoutProfile(by);
    const user = withoutProfile(who);
    const initial = chat.type === "private" ? "member" : "left";
    const old_chat_member = record.members.get(who.id) ?? memberWith(initial, user);
    const wasThere = record.has(who.id) || (chat.type === "private" && old_chat_member.status === "member");
    const new_chat_member = status === "administrator" ? administrator(user) : memberWith(status, user);
    record.members.set(who.id, new_chat_member);
    const change = { chat, from, date, old_chat_member, new_chat_member };
    if (who.id === bot.id) this.#tell({ my_chat_member: change });
    else if (this.#isWatched(record)) this.#tell({ chat_member: change });
    if (chat.type === "private" || chat.type === "channel" || wasThere === record.has(who.id)) return;
    const notice: Content = wasThere ? { left_chat_member: user } : { new_chat_members: [user] };
    const message = addMessage(this.#world, record, { by: "user", from: by }, notice);
    if (who.id === bot.id || record.has(bot.id)) this.#tell({ message });
  }
}

/** Entities that Telegram finds by itself, unless the content brings its own. */
function withEntities(content: Content): Content {
  if (content.text === undefined || content.entities !== undefined) return content;
  const entities = scanEntities(content.text);
  return entities.length === 0 ? content : { ...content, entities };
}

function recount(poll: Poll, before: readonly number[], after: readonly number[]): Poll {
  const change = (option: number) => Number(after.includes(option)) - Number(before.includes(option));
  const options = poll.options.map((option, at) => ({ ...option, voter_count: option.voter_count + change(at) }));
  const voters = Number(after.length > 0) - Number(before.length > 0);
  return { ...poll, options, total_voter_count: poll.total_voter_count + voters };
}

const postKind = ({ chat }: ChatRecord, inChat: string, inChannel: string) =>
  chat.type === "channel" ? inChannel : inChat;

const nameOf = ({ chat }: ChatRecord) => chat.title ?? "the private chat";
