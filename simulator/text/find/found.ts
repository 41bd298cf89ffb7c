/** An entity that is found in plain text. */

import type { Entity, EntityType } from "../formatted-text.ts";

export interface Recogniser {
  /** A text without it has no such entity. */
  sign: string;
  /** In order; entities of one recogniser do not overlap. */
  find(text: string): Entity[];
}

export const found = (type: EntityType, offset: number, end: number): Entity => ({
  type,
  offset,
  length: end - offset,
});
