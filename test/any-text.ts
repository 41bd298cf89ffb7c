import fc from "fast-check";

/** Halves of pairs are no characters. */
const HALVES = { first: 0xd800, count: 0x800 };

const character = fc
  .nat({ max: 0x10ffff - HALVES.count })
  .map((number) => String.fromCodePoint(number < HALVES.first ? number : number + HALVES.count), numberOf);

function numberOf(text: unknown): number {
  const point = typeof text === "string" ? text.codePointAt(0) : undefined;
  if (point === undefined || String.fromCodePoint(point) !== text) throw new Error("it is no character");
  return point < HALVES.first ? point : point - HALVES.count;
}

/**
 * Texts of any characters of Unicode, the same as with fast-check's unit "binary". That makes a table of all of them first, which takes a
 * second.
 */
export function anyText(constraints: { readonly maxLength?: number } = {}): fc.Arbitrary<string> {
  return fc.string({ ...constraints, unit: character });
}
