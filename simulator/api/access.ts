/** The checks of a method with a `chat_id`: the chat exists and the bot may use it (`Client::check_chat_access`). */

import type { Message } from "@grammyjs/types";
import type { ChatRecord } from "../state/chat-record.ts";
import type { Person, World } from "../state/world.ts";
import { connectionOf } from "./business.ts";
import type { Call } from "./call.ts";
import { badRequest, forbidden } from "./refusal.ts";

/** @throws Refusal (400 for an unknown chat, 403 if the bot may not start one with this user) */
export function chatOf(world: World, call: Call, parameter = "chat_id"): ChatRecord {
  const id = call.id(parameter);
  if (id === undefined) throw badRequest("chat_id is empty");
  const business = parameter === "chat_id" ? call.string("business_connection_id") : undefined;
  if (business !== undefined) connectionOf(call, { world });
  const record = typeof id === "string" ? world.chatByUsername(id.slice(1)) : world.chat(id, business);
  if (record === undefined && typeof id === "number") {
    const known = world.people.get(id);
    if (known !== undefined && asksToJoin(world, known)) return world.privateChat(known);
    // A user without a private chat, from a group for example: the bot may not write first.
    if (known?.user.is_bot) throw forbidden("bot can't send messages to bots");
    if (known !== undefined) throw forbidden("bot can't initiate conversation with a user");
  }
  if (record === undefined) throw badRequest("chat not found");
  return record;
}

/** True while the bot may write to a user who asks to join a chat. */
const asksToJoin = ({ date }: World, { askedUntil = 0 }: Person) => date < askedUntil;

/**
 * Like `chatOf`, if the bot may read there: chats without a username only while it is in them.
 * @param what members of a basic group need the bot in it
 * @throws Refusal (403)
 */
export function readableChatOf(world: World, call: Call, what?: "members"): ChatRecord {
  const record = chatOf(world, call);
  const { type, username } = record.chat;
  const isHidden = type === "group" ? what === "members" : type !== "private" && username === undefined;
  if (isHidden || record.statusOf(world.bot.id) === "kicked") requireBot(world, record);
  return record;
}

/** @throws Refusal (403) if the bot is not in the group or channel */
function requireBot(world: World, record: ChatRecord): void {
  const { type } = record.chat;
  if (type === "private" || record.has(world.bot.id)) return;
  if (record.statusOf(world.bot.id) === "kicked") throw forbidden(`bot was kicked from the ${type} chat`);
  throw forbidden(`bot is not a member of the ${type} chat`);
}

/** Like `chatOf`, if the bot may write there. @throws Refusal (403; 400 if the group became a supergroup) */
export function writableChatOf(world: World, call: Call, parameter = "chat_id"): ChatRecord {
  const record = chatOf(world, call, parameter);
  const { chat } = record;
  if (record.migratedTo !== undefined) {
    throw badRequest("group chat was upgraded to a supergroup chat", { migrate_to_chat_id: record.migratedTo });
  }
  // In a business account's chats the bot writes in the name of the account.
  if (call.has("business_connection_id")) return record;
  if (chat.type === "private") {
    const person = world.people.get(chat.id);
    if (person?.blocked) throw forbidden("bot was blocked by the user");
    if (person?.started === false && !asksToJoin(world, person))
      throw forbidden("bot can't initiate conversation with a user");
    return record;
  }
  requireBot(world, record);
  return record;
}

/** @throws Refusal (400) for an unknown user */
export function personOf({ people }: World, user_id: number | undefined): Person {
  const person = people.get(user_id!);
  if (person === undefined) throw badRequest("user not found");
  return person;
}

/** @param purpose a verb for the refusal: "message to edit not found" */
export function messageOf(record: ChatRecord, message_id: number | undefined, purpose: string): Message {
  const message = message_id === undefined ? undefined : record.messages.get(message_id);
  if (message === undefined) throw badRequest(`message to ${purpose} not found`);
  return message;
}

/** @throws Refusal (400) if the chat has none of the types */
export function requireType(record: ChatRecord, types: readonly string[], reason: string): void {
  if (!types.includes(record.chat.type)) throw badRequest(reason);
}
