/**
 * Makes entities nest (`fix_entities` and `merge_new_entities` in MessageEntity.cpp): of two links, codes or quotations
 * that overlap the first one stays, a link or code that crosses the edge of a quotation goes, and styles are joined,
 * split at the edges of all other entities, and taken out of code.
 */

import { countBelow } from "./count-below.ts";
import { inOrder, kindOf } from "./entity-kinds.ts";
import { type Entity, type EntityType, endOf } from "./formatted-text.ts";

/** @param found entities that were found in the text: they yield to the given ones */
export function arrange(given: readonly Entity[], found: readonly Entity[] = []): Entity[] {
  const { styles, quotes, solids } = byKind(given);
  const quotations = apart(quotes);
  const kept = within(apart(solids), quotations);
  const added = beside(within(apart(found), quotations), kept);
  const others = [...kept, ...added, ...quotations].sort(inOrder);
  return [...others, ...split(styles, others)].sort(inOrder);
}

function byKind(entities: readonly Entity[]) {
  const styles: Entity[] = [];
  const quotes: Entity[] = [];
  /** Links and code. */
  const solids: Entity[] = [];
  for (const entity of entities) {
    const kind = kindOf(entity);
    (kind === "style" ? styles : kind === "quote" ? quotes : solids).push(entity);
  }
  return { styles, quotes, solids };
}

/** The entities, in order, without those that overlap an earlier one. */
function apart(entities: readonly Entity[]): Entity[] {
  let end = 0;
  return [...entities].sort(inOrder).filter((entity) => {
    if (entity.offset < end) return false;
    end = endOf(entity);
    return true;
  });
}

/** The entities that are wholly in or wholly out of each quotation. Both lists are in order and do not overlap. */
function within(entities: readonly Entity[], quotes: readonly Entity[]): Entity[] {
  let next = 0;
  return entities.filter((entity) => {
    while (next < quotes.length && endOf(quotes[next]!) <= entity.offset) next += 1;
    const quote = quotes[next];
    if (quote === undefined || endOf(entity) <= quote.offset) return true;
    return quote.offset <= entity.offset && endOf(entity) <= endOf(quote);
  });
}

/** The entities that overlap none of the others. Both lists are in order and do not overlap. */
function beside(entities: readonly Entity[], others: readonly Entity[]): Entity[] {
  let next = 0;
  return entities.filter((entity) => {
    while (next < others.length && endOf(others[next]!) <= entity.offset) next += 1;
    return next === others.length || endOf(entity) <= others[next]!.offset;
  });
}

/** Styles end where another entity begins or ends, and where another style begins. */
function split(styles: readonly Entity[], others: readonly Entity[]): Entity[] {
  if (styles.length === 0) return [];
  const joined = join(styles);
  const cuts = [...joined.map(({ offset }) => offset), ...others.flatMap((other) => [other.offset, endOf(other)])];
  cuts.sort((a, b) => a - b);
  const codes = others.filter((other) => kindOf(other) === "code");
  return joined.flatMap((style) => beside(pieces(style, cuts), codes));
}

/** Styles of one type that overlap or touch become one. */
function join(styles: readonly Entity[]): Entity[] {
  const last = new Map<EntityType, Entity>();
  const joined: Entity[] = [];
  for (const style of [...styles].sort(inOrder)) {
    const before = last.get(style.type);
    if (before !== undefined && style.offset <= endOf(before)) {
      before.length = Math.max(before.length, endOf(style) - before.offset);
    } else {
      const first = { ...style };
      last.set(style.type, first);
      joined.push(first);
    }
  }
  return joined;
}

/** @param cuts in order */
function pieces(style: Entity, cuts: readonly number[]): Entity[] {
  const parts: Entity[] = [];
  const end = endOf(style);
  let { offset } = style;
  for (let at = countBelow(cuts, offset + 1); offset < end; at += 1) {
    const cut = Math.min(cuts[at] ?? end, end);
    if (cut > offset) parts.push({ ...style, offset, length: cut - offset });
    offset = cut;
  }
  return parts;
}
