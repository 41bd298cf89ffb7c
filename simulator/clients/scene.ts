/** Where the actions take place: the world, the bot's queue, and the questions that every action asks first. */

import type { Message } from "@grammyjs/types";
import type { CallLog } from "../state/call-log.ts";
import type { ChatRecord } from "../state/chat-record.ts";
import type { FileStore } from "../state/files.ts";
import type { RawUpdate, UpdateQueue } from "../state/update-queue.ts";
import type { Person, World } from "../state/world.ts";
import { ActionError, type ActionName, type Gives, type Takes } from "./actions/actions.ts";

export interface SceneOptions {
  world: World;
  queue: UpdateQueue;
  calls: CallLog;
  files: FileStore;
}

/** How some of the actions are done. */
export type Deeds<A extends ActionName> = {
  [Name in A]: (takes: Takes<Name>, scene: Scene) => Gives<Name> | Promise<Gives<Name>>;
};

export class Scene {
  readonly world: World;
  readonly queue: UpdateQueue;
  readonly calls: CallLog;
  readonly files: FileStore;

  constructor({ world, queue, calls, files }: SceneOptions) {
    this.world = world;
    this.queue = queue;
    this.calls = calls;
    this.files = files;
  }

  /** Lets the bot know. */
  tell(update: RawUpdate): void {
    this.queue.push(update);
  }

  person(user_id: number): Person {
    const person = this.world.people.get(user_id);
    if (person === undefined) throw new ActionError(`there is no user ${user_id}`);
    return person;
  }

  record(chat_id: number): ChatRecord {
    const record = this.world.chat(chat_id);
    if (record === undefined) throw new ActionError(`there is no chat ${chat_id}`);
    return record;
  }

  message(record: ChatRecord, message_id: number): Message {
    const message = record.messages.get(message_id);
    if (message === undefined) throw new ActionError(`there is no message ${message_id} in ${nameOf(record)}`);
    return message;
  }

  /** Who acts, and where. Who writes in a group for the first time is in it from then on. */
  enter({ user_id, chat_id = user_id }: { user_id: number; chat_id?: number }): { person: Person; record: ChatRecord } {
    const person = this.person(user_id);
    const record = chat_id === user_id ? this.world.privateChat(person) : this.record(chat_id);
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

  /** Whether the bot is told of a message: https://core.telegram.org/bots/features#privacy-mode */
  hears(record: ChatRecord, message: Message): boolean {
    const { bot } = this.world;
    const { type } = record.chat;
    if (type === "private") return true;
    if (!record.has(bot.id)) return false;
    if (type === "channel" || bot.can_read_all_group_messages || this.watches(record)) return true;
    const text = message.text ?? message.caption ?? "";
    const isForBot = /^\/\w+(?!\w*@)/.test(text) || text.includes(`@${bot.username}`);
    return isForBot || message.reply_to_message?.from?.id === bot.id;
  }

  /** Whether the bot is told of members and reactions: in private chats, and where it is an administrator. */
  watches(record: ChatRecord): boolean {
    return record.chat.type === "private" || record.statusOf(this.world.bot.id) === "administrator";
  }
}

export const nameOf = ({ chat }: ChatRecord) => chat.title ?? "the private chat";
