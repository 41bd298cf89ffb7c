/**
 * The route of an update to its instance: the table of update kinds, and the rule for kinds that are not in the table.
 * Source: https://core.telegram.org/bots/api#update and the objects it names.
 */

import type { UpdateKind } from "./events.ts";
import { SHARDS, shardOf } from "./shard.ts";

/** The address of one application instance. */
export interface Route {
  /** `chat:<id>` or `user:<id>`; then `/business:<connection>` or `/guest:<query>`, if the update has one. */
  key: string;
  /** The chat's or user's id, which decides the shard. A private chat has its user's id. */
  id: number;
  /** The key of the scope that holds the entity. */
  subject: "chat" | "user";
  /** The Chat or User as Telegram sent it: the update's own object, or a copy of the bot's User. */
  entity: Entity;
  business_connection_id: string | undefined;
  guest_query_id: string | undefined;
}

/** The address of an update, as the inbox stores it: what decides where and behind which others it is delivered. */
export interface Address {
  /** Empty if the update has no payload that could be an event. */
  readonly kind: string;
  /** The key of its line: the events of a line are delivered in order. A line is a scope. */
  readonly line: string;
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

/** @param bot the bot's User, from getMe */
export function addressOf(update: TelegramObject, bot: Entity): Address {
  const kind = kindOf(update) ?? "";
  const payload = update[kind];
  const isEvent = typeof payload === "object" && payload !== null && !Array.isArray(payload);
  const { key: line, id: chat } = routeOf(kind, isEvent ? (payload as TelegramObject) : NOTHING, bot);
  return { kind: isEvent ? kind : "", line, shard: shardOf(chat, SHARDS), chat };
}

const NOTHING: TelegramObject = {};

/**
 * The route of an update. An update without a chat or user belongs to the scope of the bot's own user.
 * @param payload the object under the update's kind
 * @param bot the bot's User, from getMe
 */
export function routeOf(kind: string, payload: TelegramObject, bot: Entity): Route {
  const message = payload.message as TelegramObject | undefined;
  const business = idIn(payload.business_connection_id) ?? idIn(message?.business_connection_id);
  const guest = kind === "guest_message" ? idIn(payload.guest_query_id) : undefined;
  for (const subject of Object.hasOwn(SUBJECTS, kind) ? SUBJECTS[kind as UpdateKind] : ANY_SUBJECT) {
    const entity = entityAt(payload, message, subject);
    if (entity === undefined) continue;
    return route(subject === "user" || subject === "from" ? "user" : "chat", entity, business, guest);
  }
  return route("user", { ...bot }, undefined, undefined);
}

function route(
  subject: "chat" | "user",
  entity: Entity,
  business_connection_id: string | undefined,
  guest_query_id: string | undefined,
): Route {
  let key = `${subject}:${entity.id}`;
  if (business_connection_id !== undefined) key += `/business:${business_connection_id}`;
  if (guest_query_id !== undefined) key += `/guest:${guest_query_id}`;
  return { key, id: entity.id, subject, entity, business_connection_id, guest_query_id };
}

function idIn(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function entityAt(payload: TelegramObject, message: TelegramObject | undefined, subject: Subject): Entity | undefined {
  const entity = (subject === "message.chat" ? message?.chat : payload[subject]) as Entity | undefined | null;
  return typeof entity === "object" && entity !== null && Number.isSafeInteger(entity.id) ? entity : undefined;
}
