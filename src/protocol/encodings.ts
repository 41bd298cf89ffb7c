/** Patterns for a secret in the encodings in which it may stand in a text. */

/**
 * The characters that may stand between two characters of a secret: line breaks and indents, and quotes and signs where code joins
 * strings. A text within JSON has backslashes before them.
 */
const BREAK = String.raw`(?:[\s"'+,]|\\[nrt]?){0,20}?`;

/**
 * Sources of patterns, to be used without regard to case. They find the text as it is, with any of its characters as `%41`, `\u0041`
 * or `\x41` (also encoded more than once), in pieces, in hexadecimal, and in Base64 of a longer text.
 * @param text ASCII
 */
export function encodingsOf(text: string): string[] {
  const characters = [...text].map(encodedCharacter).join(BREAK);
  const digits = [...Buffer.from(text)].map(hexadecimal).join(" ?");
  const base64 = [0, 1, 2].map((offset) => base64At(text, offset).replaceAll(/[+/]/g, base64Character));
  return [characters, digits, ...base64];
}

function encodedCharacter(character: string): string {
  const code = hexadecimal(character.charCodeAt(0));
  return String.raw`(?:\\{1,8}(?:u00|x)${code}|%(?:25)*${code}|${literal(character)})`;
}

function hexadecimal(code: number): string {
  return code.toString(16).padStart(2, "0");
}

/** The part of the Base64 that does not depend on what is before and after the text: `offset` bytes, modulo 3, are before it. */
function base64At(text: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
  return bytes.toString("base64").slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6));
}

/** Base64, and its form for URLs. */
function base64Character(character: string): string {
  return character === "+" ? "(?:[+-]|%(?:25)*2B)" : "(?:[/_]|%(?:25)*2F)";
}

function literal(character: string): string {
  return character.replace(/[$()*+.?[\\\]^{|}]/, "\\$&");
}
