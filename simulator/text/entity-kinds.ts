/** The kinds of entities, which decide what may stand in what, and the order of entities (`MessageEntity::get_type_priority`). */

import type { Entity, EntityType } from "./formatted-text.ts";

/**
 * - `style`: may lie anywhere but in code, and is split where it would overlap another entity
 * - `quote`: may hold everything but a quotation
 * - `code`: holds nothing, not even a style
 * - `link`: holds styles only
 */
type Kind = "style" | "quote" | "code" | "link";

/** The rank settles the order of entities that have the same place: the lowest is the outermost. */
const KINDS: Record<EntityType, readonly [kind: Kind, rank: number]> = {
  blockquote: ["quote", 0],
  expandable_blockquote: ["quote", 0],
  pre: ["code", 11],
  code: ["code", 20],
  date_time: ["code", 30],
  text_link: ["link", 49],
  text_mention: ["link", 49],
  mention: ["link", 50],
  hashtag: ["link", 50],
  cashtag: ["link", 50],
  bot_command: ["link", 50],
  url: ["link", 50],
  email: ["link", 50],
  phone_number: ["link", 50],
  bank_card_number: ["link", 50],
  bold: ["style", 90],
  italic: ["style", 91],
  underline: ["style", 92],
  strikethrough: ["style", 93],
  spoiler: ["style", 94],
  custom_emoji: ["link", 99],
};

export const kindOf = ({ type }: Entity): Kind => KINDS[type][0];

/** Outer entities stand in front of what they hold. */
export const inOrder = (a: Entity, b: Entity): number =>
  a.offset - b.offset || b.length - a.length || KINDS[a.type][1] - KINDS[b.type][1];
