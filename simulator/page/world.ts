/** The world as the page shows it: a snapshot, and what has happened since. Pure: a change gives a new object. */

import type { CallbackQuery, Chat, Message, User } from "@grammyjs/types";
import type { ActiveFault } from "../faults.ts";
import type { ServerState } from "../inspector/bot-server.ts";
import type { FloodSecond } from "../inspector/flood.ts";
import type { UpdateTrace } from "../inspector/inspector.ts";
import type { ChatSnapshot, NumberedCall, Snapshot } from "../inspector/snapshot.ts";
import type { ChatEvent, Reaction } from "../state/journal.ts";

/** An event of the world after a snapshot. */
export type Happening =
  | { type: "chat"; data: ChatEvent }
  | { type: "call"; data: NumberedCall }
  | { type: "update"; data: UpdateTrace }
  | { type: "flood"; data: FloodSecond }
  | { type: "faults"; data: readonly ActiveFault[] }
  | { type: "server"; data: ServerState };

export interface ChatState extends Omit<ChatSnapshot, "messages" | "reactions" | "votes"> {
  /** By the key of each, the oldest first. */
  readonly messages: ReadonlyMap<number, Message>;
  /** By message_id. */
  readonly reactions: ReadonlyMap<number, readonly Reaction[]>;
  /** Of the person, by message_id. */
  readonly votes: ReadonlyMap<number, readonly number[]>;
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
  /** The bot's latest answer to a button or a payment of each person, by the person's id. */
  readonly answers: ReadonlyMap<number, Answer>;
  /** The bot's latest offers to each person who asks it inline, by the person's id. */
  readonly offers: ReadonlyMap<number, Offers>;
}

export type Answer = Extract<ChatEvent, { type: "callback-answer" | "payment" }>;
export type Offers = Extract<ChatEvent, { type: "inline-answer" }>;

/** The message_thread_id of a forum's General topic, whose messages have none. */
export const GENERAL = 1;

/** Messages, calls and updates beyond these are dropped, the oldest first. */
const MOST = 2000;

/** @param earlier the world before: what no snapshot has goes on */
export function worldOf(snapshot: Snapshot, earlier?: WorldState): WorldState {
  const { chats, calls, updates, ...rest } = snapshot;
  return {
    ...rest,
    chats: new Map(chats.map((chat) => [chat.chat.id, chatOf(chat, earlier?.chats.get(chat.chat.id))])),
    calls: new Map(calls.map((call) => [call.number, call])),
    updates: new Map(updates.map((trace) => [trace.update_id, trace])),
    flood: earlier?.flood ?? [],
    answers: earlier?.answers ?? new Map(),
    offers: earlier?.offers ?? new Map(),
  };
}

/** The private chat of a person who has not written to the bot yet. */
export function newChat({ id, first_name }: User, commands: ChatState["commands"]): ChatState {
  const chat: Chat = { id, type: "private", first_name };
  const nothing = { members: [], topics: [], pinned: [], keyboard: null, messages: [], reactions: [], votes: [] };
  return chatOf({ chat, commands, ...nothing });
}

/** No snapshot has deleted messages and actions of the bot: they stay. */
function chatOf({ messages, reactions, votes, ...chat }: ChatSnapshot, earlier?: ChatState): ChatState {
  const deleted = earlier?.deleted ?? new Set<number>();
  const shown = [...messages];
  for (const id of deleted) {
    const gone = earlier?.messages.get(id);
    const isBefore = ({ message_id }: Message) => message_id !== 0 && message_id <= id;
    if (gone !== undefined) shown.splice(shown.findLastIndex(isBefore) + 1, 0, gone);
  }
  return {
    ...chat,
    messages: new Map(shown.map((message) => [keyOf(message), message])),
    reactions: Map.groupBy(reactions, ({ message_id }) => message_id),
    votes: new Map(votes),
    deleted,
    action: earlier?.action,
  };
}

/** The message_id. That of an ephemeral message is 0: its own id, with a minus sign, stands in its place. */
export const keyOf = ({ message_id, ephemeral_message_id }: Message) =>
  ephemeral_message_id === undefined ? message_id : -ephemeral_message_id;

export interface Next {
  readonly world: WorldState;
  /** Something has changed that no event tells: a new snapshot is needed. */
  readonly isStale: boolean;
}

/** @param now milliseconds since 1970 */
export function after(world: WorldState, happenings: readonly Happening[], now: number): Next {
  const calls = new Map(world.calls);
  const updates = new Map(world.updates);
  const chats = new Map(world.chats);
  const flood = [...world.flood];
  const answers = new Map(world.answers);
  const offers = new Map(world.offers);
  let { seq, faults, server } = world;
  let isStale = false;
  for (const happening of happenings) {
    if (happening.type === "call") {
      const call = happening.data;
      // A call is told again when its origin is known.
      isStale ||= calls.get(call.number)?.status === undefined && changesUntold(call);
      calls.set(call.number, call);
    } else if (happening.type === "update") {
      const { update_id, kind } = happening.data;
      // An update is told again at each step. Who blocks the bot is in no event.
      isStale ||= kind === "my_chat_member" && !updates.has(update_id);
      updates.set(update_id, happening.data);
    } else if (happening.type === "faults") faults = happening.data;
    else if (happening.type === "server") server = happening.data;
    else if (happening.type === "flood") {
      if (happening.data.second === 1) flood.length = 0;
      flood.push(happening.data);
    } else {
      const event = happening.data;
      // No snapshot has answers: those that are older than it count as well.
      if (event.type === "inline-answer") offers.set(event.chat_id, event);
      else if (event.type === "callback-answer" || event.type === "payment") {
        const person = receiverOf(event, updates);
        if (person !== undefined) answers.set(person, event);
      } else if (event.seq > seq) {
        seq = event.seq;
        const state = chats.get(event.chat_id);
        isStale ||= state === undefined || (event.type === "message" && isAboutMembers(event.message));
        if (state !== undefined) chats.set(event.chat_id, withEvent(state, event, now));
      }
    }
  }
  trim(calls);
  trim(updates);
  const ofServer = server !== undefined && { server };
  return { world: { ...world, seq, chats, calls, updates, flood, answers, offers, faults, ...ofServer }, isStale };
}

/** The chats that got a keyboard, be it the same one again, or lost theirs. */
export const chatsWithNewKeyboard = (happenings: readonly Happening[]): number[] =>
  happenings.flatMap(({ type, data }) =>
    type === "chat" && data.type === "message" && data.keyboard !== undefined ? [data.chat_id] : [],
  );

/**
 * The number of messages that the person has not seen.
 * @param seen the key of the last message that the person saw here
 * @param since seconds since 1970: what is not younger was there before the page
 */
export function unreadIn(
  { messages, deleted }: ChatState,
  person: User,
  seen: number | undefined,
  since: number,
): number {
  const all = [...messages];
  const later = all.slice(all.findLastIndex(([key]) => key === seen) + 1);
  return later.filter(([key, { from, date }]) => from?.id !== person.id && date > since && !deleted.has(key)).length;
}

/** The messages by which the bot asks the person to reply: https://core.telegram.org/bots/api#forcereply */
export function repliesAsked(happenings: readonly Happening[], person: User): Message[] {
  return happenings.flatMap(({ type, data }) => {
    if (type !== "chat" || data.type !== "message" || data.force_reply === undefined) return [];
    const { message, force_reply } = data;
    return !force_reply.selective || isAddressed(message, person) ? [message] : [];
  });
}

/** The person is mentioned, or the sender of the message that this one replies to. */
function isAddressed({ text = "", entities = [], reply_to_message }: Message, { id, username = "" }: User): boolean {
  if (reply_to_message?.from?.id === id) return true;
  return entities.some((entity) =>
    entity.type === "text_mention"
      ? entity.user.id === id
      : entity.type === "mention" &&
        text.slice(entity.offset, entity.offset + entity.length).toLowerCase() === `@${username.toLowerCase()}`,
  );
}

/** The person whom an answer is for; undefined if the update about the button in a group is no longer known. */
function receiverOf(answer: Answer, updates: ReadonlyMap<number, UpdateTrace>): number | undefined {
  if (answer.type === "payment") return answer.user_id;
  if (answer.chat_id > 0) return answer.chat_id;
  const queries = [...updates.values()].map(({ update }) => update.callback_query as CallbackQuery | undefined);
  return queries.findLast((query) => query?.id === answer.callback_query_id)?.from.id;
}

/** The bot's name and commands are not in events, nor are topics that are deleted and members of channels. */
const changesUntold = ({ method, status }: NumberedCall) => status === 200 && UNTOLD.has(method.toLowerCase());
const UNTOLD: ReadonlySet<string> = new Set([
  "setmycommands",
  "deletemycommands",
  "setmyname",
  "deleteforumtopic",
  "banchatmember",
  "unbanchatmember",
  "approvechatjoinrequest",
  "promotechatmember",
  "leavechat",
]);

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
    case "ephemeral-deleted": {
      const messages = new Map(state.messages);
      messages.delete(-event.ephemeral_message_id);
      return { ...state, messages };
    }
    case "deleted":
      return { ...state, deleted: new Set([...state.deleted, ...event.message_ids]) };
    case "action":
      return { ...state, action: { name: event.action, at: now } };
    case "reaction":
      return { ...state, reactions: withReaction(state, event) };
    default:
      return state;
  }
}

function withMessage({ messages }: ChatState, message: Message): ReadonlyMap<number, Message> {
  const changed = new Map(messages).set(keyOf(message), message);
  trim(changed);
  return changed;
}

/** A reaction stands in the place of the earlier one of the same user or chat. */
function withReaction({ reactions }: ChatState, { message_id, actor_id, reaction }: Reaction): ChatState["reactions"] {
  const others = (reactions.get(message_id) ?? []).filter((other) => other.actor_id !== actor_id);
  const changed = new Map(reactions).set(message_id, [...others, { message_id, actor_id, reaction }]);
  trim(changed);
  return changed;
}

function trim(map: Map<number, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= MOST) return;
    map.delete(oldest);
  }
}
