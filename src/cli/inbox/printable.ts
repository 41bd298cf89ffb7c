/**
 * Text from outside, made safe for a terminal. Errors of the application and messages to the bot are shown to the bot's operator:
 * no character in them may move the cursor, change colours, or reverse the direction of the text.
 */

import { stripVTControlCharacters } from "node:util";
import { escaped, UNPRINTABLE } from "../../protocol/unprintable.ts";

/** Removes unprintable characters; keeps the line breaks. */
export function printable(text: string): string {
  const lines = stripVTControlCharacters(text).split(/\r\n|[\n\r\u2028\u2029]/u);
  return lines.map((line) => line.replaceAll("\t", "  ").replaceAll(UNPRINTABLE, "")).join("\n");
}

/** The same value as JSON, with unprintable characters as `\uXXXX`. */
export function json(value: unknown, indent?: number): string {
  return escaped(JSON.stringify(value, null, indent), "\n");
}

/** Cuts text that is wider than this. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let [kept, width] = ["", 1];
  for (const character of charactersOf(text)) {
    width += widthOf(character);
    if (width > columns) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Width in columns. Terminals differ, so this is an estimate. */
export function widthOf(text: string): number {
  return charactersOf(text).reduce((width, character) => width + (WIDE.test(character) ? 2 : 1), 0);
}

/** East Asian scripts and emoji: https://www.unicode.org/reports/tr11/ */
const WIDE =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

function charactersOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
