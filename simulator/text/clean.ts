/**
 * Characters that messages do not have (`clean_input_string_with_entities` in MessageEntity.cpp): control characters
 * become spaces; carriage returns, direction overrides and lines through the text go.
 */

import { badRequest } from "../api/refusal.ts";
import { countBelow } from "./count-below.ts";
import { type Entity, endOf, type MarkedText } from "./formatted-text.ts";
import { byteOffset } from "./refused.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is cleaned.
const CONTROLS = /[\0-\t\v\f\x0e-\x1f]/g;
const REMOVED = /\r|\u030a|\u0333|\u033f|[\u2028-\u202e]/g;
/** Marks of direction, of which the last one counts. */
const REPEATED_MARKS = /[\u200e\u200f]+(?=[\u200e\u200f])/g;

/** @param entities in order, as `arrange` leaves them @throws Refusal (400) if an entity has no place in the text */
export function clean({ text, entities }: MarkedText): MarkedText {
  for (const entity of entities) checkPlace(text, entity);
  const removed = entities.length > 0 ? [...text.matchAll(REMOVED)].map(({ index }) => index) : [];
  const cleaned = text
    .replace(CONTROLS, " ")
    .replace(REMOVED, "")
    .replace(REPEATED_MARKS, (marks) => "\u200c".repeat(marks.length));
  return { text: cleaned, entities: removed.length === 0 ? [...entities] : without(removed, entities) };
}

function checkPlace(text: string, entity: Entity): void {
  const { offset } = entity;
  const end = endOf(entity);
  if (offset > text.length) throw badRequest(`Entity begins after the end of the text at UTF-16 offset ${offset}`);
  if (isInCharacter(text, offset)) {
    throw badRequest(`Entity begins in a middle of a UTF-16 symbol at byte offset ${byteOffset(text, offset + 1)}`);
  }
  const beginning = `Entity beginning at UTF-16 offset ${offset} ends`;
  if (end > text.length) throw badRequest(`${beginning} after the end of the text at UTF-16 offset ${end}`);
  if (isInCharacter(text, end)) {
    throw badRequest(`${beginning} in a middle of a UTF-16 symbol at byte offset ${byteOffset(text, end + 1)}`);
  }
}

/** True between the two code units of one character. */
const isInCharacter = (text: string, at: number) => at > 0 && text.codePointAt(at - 1)! > 0xffff;

/** @param removed places of removed characters, in order */
function without(removed: readonly number[], entities: readonly Entity[]): Entity[] {
  return entities
    .map((entity) => {
      const offset = entity.offset - countBelow(removed, entity.offset);
      return { ...entity, offset, length: endOf(entity) - countBelow(removed, endOf(entity)) - offset };
    })
    .filter(({ length }) => length > 0);
}
