/** The state that actions work on, and the look-ups and checks that they share. */

import type { Message } from "@grammyjs/types";
import type { Faults } from "../faults.ts";
import type { BotServer } from "../inspector/bot-server.ts";
import { Flood, type FloodOptions, type FloodSecond } from "../inspector/flood.ts";
import type { CallLog, RecordedCall } from "../state/call-log.ts";
import type { ChatRecord } from "../state/chat-record.ts";
import type { Clock } from "../state/clock.ts";
import type { Dice } from "../state/dice.ts";
import type { FileStore } from "../state/files.ts";
import { memberWith } from "../state/members.ts";
import { changeMember } from "../state/membership.ts";
import { withoutProfile } from "../state/messages.ts";
import { administrator } from "../state/rights.ts";
import type { Simulation } from "../state/simulation.ts";
import type { RawUpdate, UpdateQueue } from "../state/update-queue.ts";
import { type Person, privateChatOf, type World } from "../state/world.ts";
import { ActionError, type ActionName, type Gives, type Takes, type Where } from "./actions/actions.ts";
import type { BotActivity } from "./bot-activity.ts";
import type { RunningBots } from "./running-bots.ts";

export interface ActionContextOptions {
  world: World;
  queue: UpdateQueue;
  calls: CallLog;
  files: FileStore;
  faults: Faults;
  clock: Clock;
  dice: Dice;
  bots: RunningBots;
  activity: BotActivity;
  /** Of the simulator. */
  url: () => string;
}

/** The implementations of some of the actions. */
export type ActionHandlers<A extends ActionName> = {
  [Name in A]: (takes: Takes<Name>, context: ActionContext) => Gives<Name> | Promise<Gives<Name>>;
};

export class ActionContext implements Simulation {
  readonly world: World;
  readonly queue: UpdateQueue;
  readonly calls: CallLog;
  readonly files: FileStore;
  readonly faults: Faults;
  readonly clock: Clock;
  readonly dice: Dice;
  /** The `seq` of the last event that the action `next` gave, by chat and type. */
  readonly given = new Map<string, number>();
  readonly bots: RunningBots;
  readonly activity: BotActivity;
  readonly url: () => string;
  /** The server that runs the bot; undefined for a bot that runs by other means. */
  server: BotServer | undefined;
  readonly floodObservers = new Set<(second: FloodSecond) => void>();
  /** Calls of the bot before the last action of a user. */
  #callsBefore = 0;
  #flood: Flood | undefined;

  constructor({ world, queue, calls, files, faults, clock, dice, bots, activity, url }: ActionContextOptions) {
    this.world = world;
    this.queue = queue;
    this.calls = calls;
    this.files = files;
    this.faults = faults;
    this.clock = clock;
    this.dice = dice;
    this.bots = bots;
    this.activity = activity;
    this.url = url;
  }

  /** A user acts: failures are explained by what comes after. */
  userActs(): void {
    this.#callsBefore = this.calls.count;
    this.queue.excluded.clear();
  }

  /** Begins a flood, and ends one that is going on. @param write has the person of that number write; gives the chat */
  startFlood(options: FloodOptions, write: (person: number) => number): void {
    this.endFlood();
    const tell = (second: FloodSecond) => {
      for (const observer of this.floodObservers) observer(second);
    };
    this.#flood = new Flood(options, { journal: this.world.journal, write }, tell);
  }

  endFlood(): void {
    this.#flood?.stop();
  }

  /** The bot's calls since the last action of a user. */
  get callsSince(): readonly RecordedCall[] {
    return this.calls.after(this.#callsBefore);
  }

  /** Puts an update into the bot's queue. */
  push(update: RawUpdate): void {
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

  /** The acting user and the chat. A user's first action in a group makes the user a member, in a channel an administrator. */
  participant({ user_id, chat_id = user_id, business_connection_id }: Where): {
    person: Person;
    record: ChatRecord;
  } {
    const person = this.person(user_id);
    if (business_connection_id !== undefined)
      return { person, record: this.#businessChat(person, business_connection_id) };
    const record = chat_id === user_id ? this.world.privateChat(person) : this.record(chat_id);
    if (record.chat.type === "private") {
      person.started = true;
      // Who writes to a bot again unblocks it, and the bot learns of that first.
      if (person.blocked) this.#unblock(person, record);
    } else if (!record.members.has(user_id)) {
      if (record.chat.type === "channel") record.members.set(user_id, administrator(person.user, "channel"));
      else record.join(person.user);
    } else if (!record.has(user_id)) {
      throw new ActionError(`${person.user.first_name} is not in ${nameOf(record)}`);
    }
    return { person, record };
  }

  #unblock(person: Person, record: ChatRecord): void {
    person.blocked = false;
    changeMember(this, record, { by: person.user, next: memberWith("member", withoutProfile(this.world.bot)) });
  }

  /** The chat of a user with a business account that the bot is connected to. */
  #businessChat(person: Person, id: string): ChatRecord {
    const { world } = this;
    if (!world.businessConnections.has(id)) throw new ActionError(`there is no business connection ${id}`);
    return world.chat(person.user.id, id) ?? world.adoptChat(privateChatOf(person.user), id);
  }
}

export const nameOf = ({ chat }: ChatRecord) => chat.title ?? "the private chat";
