/** Text from bots, made harmless for a terminal: control characters are shown, not obeyed. */

/**
 * Control characters except line feeds and tabs, and characters that change the direction of what follows. Marks of direction
 * (U+200E, U+200F) have no effect beyond their place, and bots that write Arabic or Hebrew use them.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression finds them
const DANGEROUS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Text of several lines: `\u001b` in place of an escape character. Applied again, it changes nothing. */
export const visible = (text: string) => text.replaceAll("\r\n", "\n").replaceAll(DANGEROUS, escaped);

/** A name or a label: text that must not begin a line of its own. */
export const oneLine = (text: string) => visible(text).replaceAll("\n", "\\n").replaceAll("\t", " ");
