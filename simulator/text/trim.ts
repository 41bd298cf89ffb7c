/** White space around a text, which messages lose (`fix_formatted_text` in MessageEntity.cpp). */

import { type Entity, endOf, type MarkedText } from "./formatted-text.ts";

/** Characters that show nothing. A text of them alone is empty. */
const BLANK = /^[ \n\u00a0\u1680\u180e\u2000-\u200f\u202e\u202f\u205f\u2800\u3000\ufeff\ufffc\u{e0000}-\u{e007f}]*$/u;

/** @param entities in order: the white space at the beginning stays from the first entity on */
export function trim({ text, entities }: MarkedText): MarkedText {
  if (BLANK.test(text)) return { text: "", entities: [] };
  const end = lastInk(text) + 1;
  const kept = entities.filter(({ offset }) => offset < end);
  const start = Math.min(firstInk(text), kept[0]?.offset ?? end);
  return {
    text: text.slice(start, end),
    entities: kept.map((entity) => moved(entity, start, end)),
  };
}

const isSpace = (character: string | undefined) => character === " " || character === "\n";

function firstInk(text: string): number {
  let at = 0;
  while (isSpace(text[at])) at += 1;
  return at;
}

function lastInk(text: string): number {
  let at = text.length - 1;
  while (isSpace(text[at])) at -= 1;
  return at;
}

const moved = (entity: Entity, start: number, end: number): Entity => ({
  ...entity,
  offset: entity.offset - start,
  length: Math.min(endOf(entity), end) - entity.offset,
});
