/** A text and its entities: https://core.telegram.org/bots/api#messageentity */

import type { MessageEntity } from "@grammyjs/types";

/** Bank cards are found, and keep other entities off, but messages do not show them. */
export type EntityType = MessageEntity["type"] | "bank_card_number";

/** Any entity, with the fields of its type. Offset and length count UTF-16 code units, as JavaScript's strings do. */
export interface Entity {
  type: EntityType;
  offset: number;
  length: number;
  [field: string]: unknown;
}

/** An entity whose place is not known yet. */
export type EntityDetails = Omit<Entity, "offset" | "length">;

export interface MarkedText {
  text: string;
  entities: Entity[];
}

/** A text as messages show it. */
export interface FormattedText {
  text: string;
  entities: MessageEntity[];
}

export const endOf = ({ offset, length }: Entity): number => offset + length;
