/** The entities of a text as a tree. Entities that overlap in part, or lie outside of the text, are cut. */

import type { MessageEntity } from "@grammyjs/types";

export type Piece = string | { readonly entity: MessageEntity; readonly pieces: readonly Piece[] };

/** @param entities with offsets in UTF-16, in any order */
export function piecesOf(text: string, entities: readonly MessageEntity[] = []): Piece[] {
  const inside = entities.filter(
    ({ offset, length }) => Number.isInteger(offset) && length > 0 && offset < text.length,
  );
  inside.sort((one, other) => one.offset - other.offset || other.length - one.length);
  return between(text, 0, text.length, inside);
}

function between(text: string, from: number, to: number, entities: readonly MessageEntity[]): Piece[] {
  const pieces: Piece[] = [];
  let at = from;
  let rest = entities;
  while (rest.length > 0) {
    const entity = rest[0]!;
    const start = Math.max(at, entity.offset);
    const end = Math.min(to, entity.offset + entity.length);
    const later = rest.slice(1);
    const isWithin = ({ offset }: MessageEntity) => offset < end;
    if (start < end) {
      if (start > at) pieces.push(text.slice(at, start));
      pieces.push({ entity, pieces: between(text, start, end, later.filter(isWithin)) });
      at = end;
    }
    // What goes on behind the end of this entity comes after it.
    rest = later.filter(({ offset, length }) => offset + length > at);
  }
  if (at < to) pieces.push(text.slice(at, to));
  return pieces;
}

const SAFE = /^(https?|tg|mailto|tel):/i;

/** The address that a link leads to; undefined for one that could do something in the page. */
export function targetOf(entity: MessageEntity, text: string): string | undefined {
  const address = addressOf(entity, text);
  return address !== undefined && SAFE.test(address) && URL.canParse(address) ? address : undefined;
}

function addressOf(entity: MessageEntity, text: string): string | undefined {
  switch (entity.type) {
    case "text_link":
      return entity.url;
    case "url":
      return /^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `https://${text}`;
    case "email":
      return `mailto:${text}`;
    case "phone_number":
      return `tel:${text.replaceAll(/[^+\d]/g, "")}`;
    case "mention":
      return `https://t.me/${text.slice(1)}`;
    default:
      return undefined;
  }
}
