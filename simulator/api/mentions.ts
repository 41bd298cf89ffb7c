/** Mentions of users without a username: https://core.telegram.org/bots/api#messageentity */

import type { MessageEntity } from "@grammyjs/types";
import { type Content, withoutProfile } from "../state/messages.ts";
import type { World } from "../state/world.ts";

/** A mention of a user has the whole user; one of a user whom the bot does not know is dropped. */
export function withKnownUsers(content: Content, world: World): Content {
  return { ...known(content, "entities", world), ...known(content, "caption_entities", world), ...rest(content) };
}

type Key = "entities" | "caption_entities";

const rest = ({ entities: _, caption_entities: __, ...others }: Content): Content => others;

function known(content: Content, key: Key, { people, bot }: World): Content {
  const entities = content[key]?.flatMap((entity: MessageEntity): MessageEntity[] => {
    if (entity.type !== "text_mention") return [entity];
    const user = entity.user.id === bot.id ? bot : people.get(entity.user.id)?.user;
    return user === undefined ? [] : [{ ...entity, user: withoutProfile(user) }];
  });
  return entities === undefined || entities.length === 0 ? {} : { [key]: entities };
}
