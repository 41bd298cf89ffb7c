/**
 * Text from elsewhere as a terminal may have it. What an application threw, and what somebody wrote to the bot, reaches the
 * screen of whoever looks after the bot: none of it may move the cursor, change colours, or turn what is shown around.
 */

import { stripVTControlCharacters } from "node:util";

/** Controls, and what changes the direction of writing: https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters */
const DANGEROUS = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** As it is, line by line, but for what is dangerous. */
export function printable(text: string): string {
  const lines = stripVTControlCharacters(text).split(/\r\n|[\n\r\u2028\u2029]/u);
  return lines.map((line) => line.replaceAll("\t", "  ").replaceAll(DANGEROUS, "")).join("\n");
}

/** JSON that stands for the same value, with all that is dangerous written as `\uXXXX`. */
export function json(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replaceAll(DANGEROUS, (character) =>
    character === "\n" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Shortened so that it takes no more than so many columns. */
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

/** How many columns it takes, which is what a terminal makes of it, and need not be exact. */
export function widthOf(text: string): number {
  return charactersOf(text).reduce((width, character) => width + (WIDE.test(character) ? 2 : 1), 0);
}

/** East Asian scripts and pictures: https://www.unicode.org/reports/tr11/ */
const WIDE =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

function charactersOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
