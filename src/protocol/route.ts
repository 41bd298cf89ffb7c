/**
 * The route of an update to its instance: the table of update kinds, and the rule for kinds that are not in the table.
 * Source: https://core.telegram.org/bots/api#update and the objects it names.
 */

import type { UpdateKind } from "./events.ts";
import { shardOfLine } from "./shard.ts";
import { stoppedTopicOf, topicOf } from "./topic.ts";

/** The lines of a chat, and its instances: one, one for each topic, or one for each member of a group. */
export type LineKind = "chat" | "topic" | "member";

/** The address of one application instance. */
export interface Route {
  /**
   * `chat:<id>` or `user:<id>`; then, if the update has one, `/topic:<thread>` or `/member:<user>`, `/business:<connection>` or
   * `/guest:<query>`; then `/urgent` for the commands of --urgent.
   */
  key: string;
  /** The chat's or user's id. A private chat has its user's id. */
  id: number;
  /** The key of the scope that holds the entity. */
  subject: "chat" | "user";
  /** The Chat or User as Telegram sent it: the update's own object, or a copy of the bot's User. */
  entity: Entity;
  /** The message_thread_id of the topic, if topics have lines of their own. */
  topic: number | undefined;
  /** The User as Telegram sent it, if members have lines of their own. */
  member: Entity | undefined;
  business_connection_id: string | undefined;
  guest_query_id: string | undefined;
}

/** The address of an update, as the inbox stores it: what decides where and behind which others it is delivered. */
export interface Address {
  /** Empty if the update has no payload that could be an event. */
  readonly kind: string;
  /** The key of its line: the events of a line are delivered in order. A line is a scope. */
  readonly line: string;
  /** The shard of its line. */
  readonly shard: number;
  /** The id of its chat or user; the bot's own id for an update that has neither. A private chat has its user's id. */
  readonly chat: number;
}

export interface Entity {
  id: number;
  [key: string]: unknown;
}

/** A Telegram object whose keys are not known. */
export type TelegramObject = { [key: string]: unknown };

/** Paths to the chat or user in each kind of update; the first one present is used. */
const SUBJECTS: Record<UpdateKind, readonly Subject[]> = {
  message: ["chat"],
  edited_message: ["chat"],
  channel_post: ["chat"],
  edited_channel_post: ["chat"],
  business_message: ["chat"],
  edited_business_message: ["chat"],
  deleted_business_messages: ["chat"],
  guest_message: ["chat"],
  stopped_message_generation: ["chat"],
  message_reaction: ["chat"],
  message_reaction_count: ["chat"],
  my_chat_member: ["chat"],
  chat_member: ["chat"],
  chat_join_request: ["chat"],
  chat_boost: ["chat"],
  removed_chat_boost: ["chat"],
  callback_query: ["message.chat", "from"],
  inline_query: ["from"],
  chosen_inline_result: ["from"],
  shipping_query: ["from"],
  pre_checkout_query: ["from"],
  purchased_paid_media: ["from"],
  business_connection: ["user"],
  managed_bot: ["user"],
  subscription: ["user"],
  // An anonymous answer has a placeholder user, too, so the chat comes first.
  poll_answer: ["voter_chat", "user"],
  poll: [],
};

type Subject = "chat" | "message.chat" | "voter_chat" | "user" | "from";

/** Paths for kinds that are not in the table. */
const ANY_SUBJECT: readonly Subject[] = ["chat", "message.chat", "voter_chat", "user", "from"];

/** Every kind of update in this version of the Bot API, as for `allowed_updates`. */
export const UPDATE_KINDS = Object.keys(SUBJECTS) as UpdateKind[];

/** The kind of an update: its one key beside `update_id`; undefined without such a key. */
export function kindOf(update: TelegramObject): string | undefined {
  for (const key in update) {
    if (key !== "update_id") return key;
  }
  return undefined;
}

/**
 * @param bot the bot's User, from getMe
 * @param line the setting of --line: the inbox and the workers have the same
 * @param urgent the setting of --urgent
 */
export function addressOf(
  update: TelegramObject,
  bot: Entity,
  line: LineKind,
  urgent: readonly string[] = NONE,
): Address {
  const kind = kindOf(update) ?? "";
  const payload = update[kind];
  const isEvent = typeof payload === "object" && payload !== null && !Array.isArray(payload);
  const { key, id, topic, member } = routeOf(kind, isEvent ? (payload as TelegramObject) : NOTHING, bot, line, urgent);
  return { kind: isEvent ? kind : "", line: key, shard: shardOfLine(id, topic ?? member?.id), chat: id };
}

const NOTHING: TelegramObject = {};
const NONE: readonly string[] = [];

/**
 * The route of an update. An update without a chat or user belongs to the scope of the bot's own user.
 * @param payload the object under the update's kind
 * @param bot the bot's User, from getMe
 * @param line the setting of --line
 * @param urgent the setting of --urgent: each of these commands has a line of its own in each line, so it never waits
 */
export function routeOf(
  kind: string,
  payload: TelegramObject,
  bot: Entity,
  line: LineKind = "chat",
  urgent: readonly string[] = NONE,
): Route {
  const message = payload.message as TelegramObject | undefined;
  const business = idIn(payload.business_connection_id) ?? idIn(message?.business_connection_id);
  const guest = kind === "guest_message" ? idIn(payload.guest_query_id) : undefined;
  for (const path of Object.hasOwn(SUBJECTS, kind) ? SUBJECTS[kind as UpdateKind] : ANY_SUBJECT) {
    const entity = entityAt(payload, message, path);
    if (entity === undefined) continue;
    if (path === "user" || path === "from") return route("user", entity, WHOLE, business, guest);
    // A guest query has a line of its own.
    const part = guest === undefined ? partIn(kind, payload, entity, line) : WHOLE;
    const made = route("chat", entity, part, business, guest);
    if (urgent.length > 0 && kind === "message" && urgent.includes(commandIn(payload, bot) ?? ""))
      made.key += "/urgent";
    return made;
  }
  return route("user", { ...bot }, WHOLE, undefined, undefined);
}

function route(
  subject: "chat" | "user",
  entity: Entity,
  { topic, member }: LinePart,
  business_connection_id: string | undefined,
  guest_query_id: string | undefined,
): Route {
  let key = `${subject}:${entity.id}`;
  if (topic !== undefined) key += `/topic:${topic}`;
  if (member !== undefined) key += `/member:${member.id}`;
  if (business_connection_id !== undefined) key += `/business:${business_connection_id}`;
  if (guest_query_id !== undefined) key += `/guest:${guest_query_id}`;
  return { key, id: entity.id, subject, entity, topic, member, business_connection_id, guest_query_id };
}

/** The part of a chat that has a line of its own. */
type LinePart = Pick<Route, "topic" | "member">;

const WHOLE: LinePart = { topic: undefined, member: undefined };

function partIn(kind: string, payload: TelegramObject, chat: Entity, line: LineKind): LinePart {
  if (line === "topic") {
    const topic = kind === "stopped_message_generation" ? stoppedTopicOf(payload) : topicOf(payload);
    return { topic, member: undefined };
  }
  return line === "member" ? { topic: undefined, member: memberIn(payload, chat) } : WHOLE;
}

/** The bot's command at the start of a message: `/stop`. */
function commandIn({ text }: TelegramObject, { username }: Entity): string | undefined {
  const [, command, addressee] = /^(\/\w+)(?:@(\w+))?(?:\s|$)/.exec(typeof text === "string" ? text : "") ?? [];
  const isForOther = addressee !== undefined && addressee.toLowerCase() !== String(username).toLowerCase();
  return isForOther ? undefined : command;
}

/** Chats in whose name something is done. The user beside them is a stand-in. */
const SPEAKERS = ["sender_chat", "actor_chat", "voter_chat"];

/** The member of a group who did what the update tells. An anonymous administrator and a channel that writes in a group are none. */
function memberIn(payload: TelegramObject, chat: Entity): Entity | undefined {
  if (chat.type !== "group" && chat.type !== "supergroup") return undefined;
  if (SPEAKERS.some((key) => entityAt(payload, undefined, key) !== undefined)) return undefined;
  // A reaction names its member `user`, all others `from`.
  return entityAt(payload, undefined, "from") ?? entityAt(payload, undefined, "user");
}

function idIn(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function entityAt(payload: TelegramObject, message: TelegramObject | undefined, path: string): Entity | undefined {
  const entity = (path === "message.chat" ? message?.chat : payload[path]) as Entity | undefined | null;
  return typeof entity === "object" && entity !== null && Number.isSafeInteger(entity.id) ? entity : undefined;
}
