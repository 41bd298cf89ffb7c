/** The world as the page shows it: a snapshot, and what has happened since. Pure: a change gives a new object. */

import type { Chat, Message, User } from "@grammyjs/types";
import type { ActiveFault } from "../faults.ts";
import type { ServerState } from "../inspector/bot-server.ts";
import type { FloodSecond } from "../inspector/flood.ts";
import type { UpdateTrace } from "../inspector/inspector.ts";
import type { ChatSnapshot, NumberedCall, Snapshot } from "../inspector/snapshot.ts";
import type { ChatEvent } from "../state/journal.ts";

/** An event of the world after a snapshot. */
export type Happening =
  | { type: "chat"; data: ChatEvent }
  | { type: "call"; data: NumberedCall }
  | { type: "update"; data: UpdateTrace }
  | { type: "flood"; data: FloodSecond }
  | { type: "faults"; data: readonly ActiveFault[] }
  | { type: "server"; data: ServerState };

export interface ChatState extends Omit<ChatSnapshot, "messages"> {
  /** By message_id, the oldest first. */
  readonly messages: ReadonlyMap<number, Message>;
  /** Ids of messages that are gone. */
  readonly deleted: ReadonlySet<number>;
  /** The bot's latest chat action, with its time: milliseconds since 1970. */
  readonly action: { readonly name: string; readonly at: number } | undefined;
}

export interface WorldState extends Omit<Snapshot, "chats" | "calls" | "updates"> {
  readonly chats: ReadonlyMap<number, ChatState>;
  /** By number. */
  readonly calls: ReadonlyMap<number, NumberedCall>;
  /** By update_id. */
  readonly updates: ReadonlyMap<number, UpdateTrace>;
  readonly flood: readonly FloodSecond[];
  /** The latest answer to a button or an inline query. */
  readonly answer: Answer | undefined;
}

export type Answer = Extract<ChatEvent, { type: "callback-answer" | "inline-answer" | "payment" }>;

/** The message_thread_id of a forum's General topic, whose messages have none. */
export const GENERAL = 1;

/** Messages, calls and updates beyond these are dropped, the oldest first. */
const MOST = 2000;

/** @param earlier the world before: a flood goes on */
export function worldOf(snapshot: Snapshot, earlier?: WorldState): WorldState {
  const { chats, calls, updates, ...rest } = snapshot;
  return {
    ...rest,
    chats: new Map(chats.map(({ messages, ...chat }) => [chat.chat.id, { ...chat, ...historyOf(messages) }])),
    calls: new Map(calls.map((call) => [call.number, call])),
    updates: new Map(updates.map((trace) => [trace.update_id, trace])),
    flood: earlier?.flood ?? [],
    answer: undefined,
  };
}

/** The private chat of a person who has not written to the bot yet. */
export function newChat({ id, first_name }: User): ChatState {
  const chat: Chat = { id, type: "private", first_name };
  return { chat, members: [], topics: [], pinned: [], keyboard: null, ...historyOf([]) };
}

const historyOf = (messages: readonly Message[]) => ({
  messages: new Map(messages.map((message) => [message.message_id, message])),
  deleted: new Set<number>(),
  action: undefined,
});

/** @param now milliseconds since 1970 @returns undefined if the snapshot is too old to tell: a chat has come that it does not have */
export function after(world: WorldState, happenings: readonly Happening[], now: number): WorldState | undefined {
  const calls = new Map(world.calls);
  const updates = new Map(world.updates);
  const chats = new Map(world.chats);
  const flood = [...world.flood];
  let { seq, answer, faults, server } = world;
  for (const happening of happenings) {
    if (happening.type === "call") calls.set(happening.data.number, happening.data);
    else if (happening.type === "update") updates.set(happening.data.update_id, happening.data);
    else if (happening.type === "faults") faults = happening.data;
    else if (happening.type === "server") server = happening.data;
    else if (happening.type === "flood") {
      if (happening.data.second === 1) flood.length = 0;
      flood.push(happening.data);
    } else {
      const event = happening.data;
      if (event.seq <= seq) continue;
      seq = event.seq;
      const state = chats.get(event.chat_id);
      if (state === undefined) return undefined;
      if (event.type === "message" && isAboutMembers(event.message)) return undefined;
      chats.set(event.chat_id, withEvent(state, event, now));
      if (event.type === "callback-answer" || event.type === "inline-answer" || event.type === "payment")
        answer = event;
    }
  }
  trim(calls);
  trim(updates);
  return { ...world, seq, chats, calls, updates, flood, answer, faults, ...(server !== undefined && { server }) };
}

/** Members, topics, titles and pins are not in events. */
const isAboutMembers = (message: object) => ABOUT_CHAT.some((field) => field in message);
const ABOUT_CHAT = [
  "new_chat_members",
  "left_chat_member",
  "new_chat_title",
  "forum_topic_created",
  "forum_topic_edited",
  "pinned_message",
  "migrate_to_chat_id",
];

function withEvent(state: ChatState, event: ChatEvent, now: number): ChatState {
  switch (event.type) {
    case "message": {
      const keyboard = event.keyboard === undefined ? state.keyboard : event.keyboard;
      return { ...state, keyboard, messages: withMessage(state, event.message), action: undefined };
    }
    case "edited":
    case "ephemeral":
      return { ...state, messages: withMessage(state, event.message) };
    case "deleted":
      return { ...state, deleted: new Set([...state.deleted, ...event.message_ids]) };
    case "action":
      return { ...state, action: { name: event.action, at: now } };
    case "reaction":
      return { ...state, messages: withReaction(state, event) };
    default:
      return state;
  }
}

function withMessage({ messages }: ChatState, message: Message): ReadonlyMap<number, Message> {
  const changed = new Map(messages).set(message.message_id, message);
  trim(changed);
  return changed;
}

/** A reaction stands in the place of the one before: users are not told apart. */
function withReaction({ messages }: ChatState, event: ChatEvent & { type: "reaction" }): ReadonlyMap<number, Message> {
  const message = messages.get(event.message_id);
  if (message === undefined) return messages;
  const before = (message as Reacted).reactions ?? {};
  return new Map(messages).set(event.message_id, {
    ...message,
    reactions: { ...before, [event.by]: event.reaction },
  } as Message);
}

/** A message with the latest reactions of the bot and of users. */
export type Reacted = Message & {
  reactions?: { [by in ChatEvent["by"]]?: readonly { type: string; emoji?: string }[] };
};

function trim(map: Map<number, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= MOST) return;
    map.delete(oldest);
  }
}
