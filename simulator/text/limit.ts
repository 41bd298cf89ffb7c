/** The most entities that a call may give (`get_input_message_entities` in MessageEntity.cpp); found ones do not count. */

import { arrange } from "./arrange.ts";
import { kindOf } from "./entity-kinds.ts";
import type { Entity } from "./formatted-text.ts";

const MOST_ENTITIES = 100;

/** Without those beyond the limit: links, code and quotations go before styles, custom emoji do not count. */
export function limit(entities: readonly Entity[]): readonly Entity[] {
  if (entities.length <= MOST_ENTITIES) return entities;
  const isStyle = (entity: Entity) => kindOf(entity) === "style";
  const others = entities.filter((entity) => !isStyle(entity));
  // Styles count as if nothing but styles divided them.
  const counted = [...others, ...arrange(entities.filter(isStyle))];
  let left = MOST_ENTITIES;
  return counted.filter(({ type }) => type === "custom_emoji" || left-- > 0);
}
