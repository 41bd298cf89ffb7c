/** Adds the chats, users and queries of a pushed update to the world. */

import type { BusinessConnection, Chat, ChatMember, Message, User } from "@grammyjs/types";
import { isObject, type Json } from "../api/fields.ts";
import { everyBusinessRight } from "../state/business.ts";
import type { ChatRecord } from "../state/chat-record.ts";
import type { RawUpdate } from "../state/update-queue.ts";
import { OWNER, type World } from "../state/world.ts";

const MESSAGE_KINDS: ReadonlySet<string> = new Set(["message", "channel_post", "business_message", "guest_message"]);
const EDIT_KINDS: ReadonlySet<string> = new Set(["edited_message", "edited_channel_post", "edited_business_message"]);
/** Seconds until a query can no longer be answered. */
const QUERY_LIFETIMES: Record<string, number> = {
  callback_query: 150,
  inline_query: 30,
  shipping_query: 150,
  pre_checkout_query: 150,
};

export function adoptUpdate(world: World, { update_id: _, ...content }: RawUpdate): void {
  for (const [kind, payload] of Object.entries(content)) {
    if (isObject(payload)) adoptPayload(world, kind, payload);
  }
}

function adoptPayload(world: World, kind: string, payload: Json): void {
  const inner = isObject(payload.message) ? payload.message : undefined;
  const business = (payload.business_connection_id ?? inner?.business_connection_id) as string | undefined;
  for (const user of [payload.from, payload.user]) if (isUser(user) && user.id !== world.bot.id) world.adoptUser(user);
  for (const chat of [payload.chat, inner?.chat, payload.voter_chat]) {
    if (isChat(chat)) adoptChat(world, chat, business);
  }
  if (MESSAGE_KINDS.has(kind) || EDIT_KINDS.has(kind)) adoptMessage(world, kind, payload, business);
  if (kind === "callback_query" && inner !== undefined) adoptMessage(world, "message", inner, business);
  if (kind === "business_connection") {
    world.businessConnections.set(String(payload.id), payload as unknown as BusinessConnection);
  }
  if (business !== undefined && !world.businessConnections.has(business)) {
    world.businessConnections.set(business, connectionWith(world, business));
  }
  if (typeof payload.guest_query_id === "string" && isChat(payload.chat)) {
    world.openQuery(payload.chat.id, QUERY_LIFETIMES.callback_query!, payload.guest_query_id);
  }
  if (kind === "my_chat_member" && isChat(payload.chat) && isObject(payload.new_chat_member)) {
    world.chat(payload.chat.id)?.members.set(world.bot.id, payload.new_chat_member as unknown as ChatMember);
  }
  const lifetime = QUERY_LIFETIMES[kind];
  if (lifetime === undefined || typeof payload.id !== "string") return;
  const place = isChat(inner?.chat) ? inner.chat.id : isUser(payload.from) ? payload.from.id : 0;
  world.openQuery(place, lifetime, payload.id);
}

/** The connection of a pushed message that no update has told of: of the chats' owner, with every right. */
function connectionWith(world: World, id: string): BusinessConnection {
  const user = { id: OWNER.id, is_bot: false, first_name: OWNER.first_name };
  return { id, user, user_chat_id: user.id, date: world.date, rights: everyBusinessRight(), is_enabled: true };
}

function adoptChat(world: World, chat: Chat, business: string | undefined): void {
  world.adoptChat(chat, business);
  if (chat.type !== "private" || business !== undefined) return;
  const { id, first_name } = chat;
  const person = world.people.get(id) ?? world.adoptUser({ id, is_bot: false, first_name });
  person.started = true;
}

function adoptMessage(world: World, kind: string, payload: Json, business: string | undefined): void {
  const message = payload as unknown as Message;
  const record = isChat(payload.chat) ? world.chat(payload.chat.id, business) : undefined;
  if (record === undefined || !Number.isSafeInteger(message.message_id)) return;
  world.keepMessage(record, message);
  adoptTopic(record, message);
  const by = message.from?.id === world.bot.id ? "bot" : "user";
  if (by === "user") {
    world.journal.record(record.chat.id, { by, type: EDIT_KINDS.has(kind) ? "edited" : "message", message });
  }
}

/** The topic of a pushed message, which the bot may write to. */
function adoptTopic({ topics }: ChatRecord, message: Message): void {
  const { message_id, forum_topic_created, from } = message;
  const id = forum_topic_created === undefined ? message.message_thread_id : message_id;
  if (id === undefined || topics.has(id)) return;
  const { name = "", icon_color = 0 } = forum_topic_created ?? {};
  const state = { is_closed: false, is_hidden: false, creator_id: from?.id ?? 0 };
  topics.set(id, { message_thread_id: id, name, icon_color, ...state });
}

const isUser = (value: unknown): value is User => isObject(value) && Number.isSafeInteger(value.id);
const isChat = (value: unknown): value is Chat => isUser(value) && typeof (value as unknown as Json).type === "string";
