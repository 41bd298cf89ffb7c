/**
 * Characters of text from outside that must not reach a terminal as they are: they move the cursor, change colours, begin a line, or
 * reverse the direction of the text.
 */

/** Control characters, line separators, and https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters */
export const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Shows each unprintable character as `\uXXXX`, but for those in `keep`. */
export function escaped(text: string, keep = ""): string {
  return text.replaceAll(UNPRINTABLE, (character) =>
    keep.includes(character) ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
