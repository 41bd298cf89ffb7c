/** Mentions of users by their id. A mention of a user that Telegram does not know is dropped. */

import type { MessageEntity } from "@grammyjs/types";
import { type Content, withoutProfile } from "./messages.ts";
import type { World } from "./world.ts";

/** The content with the users in its mentions whole. */
export function withMentionedUsers(world: World, content: Content): Content {
  const known = { ...content };
  for (const key of ["entities", "caption_entities"] as const) {
    const entities = content[key]?.flatMap((entity) => knownEntity(world, entity)) ?? [];
    if (entities.length > 0) known[key] = entities;
    else delete known[key];
  }
  return known;
}

function knownEntity(world: World, entity: MessageEntity): MessageEntity[] {
  if (entity.type !== "text_mention") return [entity];
  const { id } = entity.user;
  const user = id === world.bot.id ? world.bot : world.people.get(id)?.user;
  return user === undefined ? [] : [{ ...entity, user: withoutProfile(user) }];
}
