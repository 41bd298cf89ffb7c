/** All that a page shows, at one moment. What comes after it comes as events. */

import type { BotCommand, Chat, Message, ReplyKeyboardMarkup, User, UserFromGetMe } from "@grammyjs/types";
import type { ActiveFault } from "../faults.ts";
import type { CallLog, RecordedCall } from "../state/call-log.ts";
import type { ChatRecord } from "../state/chat-record.ts";
import type { Reaction } from "../state/journal.ts";
import { votesOf } from "../state/polls.ts";
import { reactionsIn } from "../state/reactions.ts";
import { isAdministrator } from "../state/rights.ts";
import type { Settings } from "../state/settings.ts";
import { privateChatOf, type World } from "../state/world.ts";
import type { ServerState } from "./bot-server.ts";
import type { CallOrigin } from "./call-origins.ts";
import type { UpdateTrace } from "./inspector.ts";

export interface Snapshot {
  /** Of the last event in it. */
  readonly seq: number;
  /** By the simulator's clock: seconds since 1970. */
  readonly date: number;
  readonly bot: UserFromGetMe;
  /** Of the person's private chat. */
  readonly commands: readonly BotCommand[];
  /** Without those of a flood: too many to choose from. */
  readonly people: readonly { readonly user: User; readonly blocked: boolean }[];
  /** Of private chats that of the person alone. */
  readonly chats: readonly ChatSnapshot[];
  readonly calls: readonly NumberedCall[];
  readonly updates: readonly UpdateTrace[];
  readonly faults: readonly ActiveFault[];
  /** Absent for a bot that runs by other means. */
  readonly server?: ServerState;
}

export interface ChatSnapshot {
  readonly chat: Chat;
  /** Ids of users who are in it. */
  readonly members: readonly number[];
  readonly topics: readonly { readonly message_thread_id: number; readonly name: string }[];
  readonly pinned: readonly number[];
  readonly keyboard: ReplyKeyboardMarkup | null;
  /** Those that the person is offered. */
  readonly commands: readonly BotCommand[];
  readonly messages: readonly Message[];
  readonly reactions: readonly Reaction[];
  /** Of the person, by message_id. */
  readonly votes: readonly (readonly [message_id: number, options: readonly number[]])[];
}

/** A call with its place in the log, from 1. */
export interface NumberedCall extends RecordedCall {
  readonly number: number;
  /** Told by a server that runs the bot. */
  readonly origin?: CallOrigin;
}

/** Of each chat the latest messages, and of the log the latest calls: a page shows no more at once. */
const MESSAGES = 1000;
const CALLS = 1000;

/** The names that the action `flood` gives. */
const OF_FLOOD = /^Flood \d+$/;

export interface SnapshotSources {
  /** The id of the person who looks; undefined for one who is in no private chat. */
  person: number | undefined;
  world: World;
  settings: Settings;
  calls: CallLog;
  updates: readonly UpdateTrace[];
  faults: readonly ActiveFault[];
  originOf: (call: RecordedCall) => CallOrigin | undefined;
  server: ServerState | undefined;
}

export function snapshotOf(sources: SnapshotSources): Snapshot {
  const { person, world, settings, calls, updates, faults, originOf, server } = sources;
  const user = world.people.get(person ?? 0)?.user;
  const commandsIn = (chat: Chat, isAdministrator: boolean) =>
    user === undefined ? [] : settings.commandsFor(user, chat, isAdministrator);
  return {
    seq: world.journal.seq,
    date: world.date,
    bot: world.bot,
    commands: user === undefined ? [] : commandsIn(privateChatOf(user), false),
    people: [...world.people.values()]
      .filter(({ user }) => !OF_FLOOD.test(user.first_name))
      .map(({ user, blocked }) => ({ user, blocked })),
    chats: world.chats
      .filter(({ chat, migratedTo }) => migratedTo === undefined && (chat.type !== "private" || chat.id === person))
      .map((record) => ({
        ...chatSnapshot(record, person),
        commands: commandsIn(record.chat, isAdministrator(record, person ?? 0)),
        votes: votesOf(record, person ?? 0),
      })),
    calls: calls.calls.slice(-CALLS).map((call) => numbered(call, calls.numberOf(call), originOf(call))),
    updates,
    faults,
    ...(server !== undefined && { server }),
  };
}

export const numbered = (call: RecordedCall, number: number, origin: CallOrigin | undefined): NumberedCall => ({
  ...call,
  number,
  ...(origin !== undefined && { origin }),
});

function chatSnapshot(record: ChatRecord, person: number | undefined): Omit<ChatSnapshot, "commands" | "votes"> {
  const { chat, members, topics, pinned, keyboard = null, messages } = record;
  return {
    chat,
    members: [...members.keys()].filter((id) => record.has(id)),
    topics: [...topics.values()].map(({ message_thread_id, name }) => ({ message_thread_id, name })),
    pinned,
    keyboard,
    messages: messagesFor(record, person),
    reactions: reactionsIn(record).filter(({ message_id }) => messages.has(message_id)),
  };
}

/** The latest messages of the chat, and among them, by their dates, those that the person alone sees. */
function messagesFor({ messages, ephemeral }: ChatRecord, person: number | undefined): Message[] {
  const shown = [...messages.values()].slice(-MESSAGES);
  for (const [key, message] of ephemeral) {
    if (!key.startsWith(`${person}/`)) continue;
    shown.splice(shown.findLastIndex(({ date }) => date <= message.date) + 1, 0, message);
  }
  return shown;
}
