/**
 * Reactions to messages: https://core.telegram.org/bots/api#messagereactionupdated. In a channel they are anonymous: the bot
 * learns their number only.
 */

import type { Chat, MessageReactionUpdated, ReactionCount, ReactionType, User } from "@grammyjs/types";
import type { ChatRecord } from "./chat-record.ts";
import type { Actor, Reaction } from "./journal.ts";
import { withoutProfile } from "./messages.ts";
import { receivesChanges } from "./receiving.ts";
import type { Simulation } from "./simulation.ts";
import type { World } from "./world.ts";

export interface ReactionChange {
  by: Actor;
  /** A user, or the chat in whose name an anonymous administrator reacts. */
  actor: { user: User } | { actor_chat: Chat };
  message_id: number;
  /** Replaces the actor's reaction. */
  reaction: ReactionType[];
}

export function react({ world, queue }: Simulation, record: ChatRecord, change: ReactionChange): void {
  const { actor, message_id, reaction: new_reaction, by } = change;
  const { chat } = record;
  const id = "user" in actor ? actor.user.id : actor.actor_chat.id;
  const key = `${id}/${message_id}`;
  const old_reaction = record.reactions.get(key) ?? [];
  if (new_reaction.length === 0) record.reactions.delete(key);
  else record.reactions.set(key, new_reaction);
  world.journal.record(chat.id, { by, type: "reaction", message_id, actor_id: id, reaction: new_reaction });
  // "The update isn't received for reactions set by bots."
  if (by === "bot" || !receivesChanges(world, record)) return;
  const { date } = world;
  if (chat.type === "channel") {
    queue.push({ message_reaction_count: { chat, message_id, date, reactions: countsOf(record, message_id) } });
    return;
  }
  const who = "user" in actor ? { user: withoutProfile(actor.user) } : actor;
  const update = { chat, message_id, ...who, date, old_reaction, new_reaction };
  queue.push({ message_reaction: update satisfies MessageReactionUpdated });
}

export const reactionsIn = ({ reactions }: ChatRecord): Reaction[] =>
  [...reactions].map(([key, reaction]) => {
    const [actor_id, message_id] = key.split("/").map(Number) as [number, number];
    return { message_id, actor_id, reaction };
  });

/** The number of each reaction to a message. */
export function countsOf(record: ChatRecord, message_id: number): ReactionCount[] {
  const counts = new Map<string, ReactionCount>();
  for (const [key, reactions] of record.reactions) {
    if (Number(key.split("/")[1]) !== message_id) continue;
    for (const type of reactions) {
      const name = JSON.stringify(type);
      counts.set(name, { type, total_count: (counts.get(name)?.total_count ?? 0) + 1 });
    }
  }
  return [...counts.values()];
}

/** The message_ids to which a user or chat has reacted. */
export const reactionsBy = (record: ChatRecord, id: number): number[] =>
  [...record.reactions.keys()].filter((key) => key.startsWith(`${id}/`)).map((key) => Number(key.split("/")[1]));

/** The user or chat with this id. */
export function actorOf(world: World, id: number): ReactionChange["actor"] | undefined {
  const user = id === world.bot.id ? world.bot : world.people.get(id)?.user;
  if (user !== undefined) return { user };
  const chat = world.chat(id)?.chat;
  return chat === undefined ? undefined : { actor_chat: chat };
}
