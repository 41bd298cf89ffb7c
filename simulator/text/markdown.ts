/** parse_mode Markdown, the legacy style: https://core.telegram.org/bots/api#markdown-style (`parse_markdown` in MessageEntity.cpp) */

import { readFence } from "./code-fence.ts";
import type { EntityDetails, MarkedText } from "./formatted-text.ts";
import { linkEntity } from "./links.ts";
import { byteOffset, refused } from "./refused.ts";
import { TextWriter } from "./text-writer.ts";

/** An entity, or an escaped character. */
const SIGN = /\\?[_*`[]/g;

/** Nothing is parsed inside an entity: there are no escapes, and no entity holds another. */
export function parseMarkdown(source: string): MarkedText {
  const writer = new TextWriter();
  let at = 0;
  while (at < source.length) {
    SIGN.lastIndex = at;
    const sign = SIGN.exec(source);
    writer.write(source.slice(at, sign?.index));
    if (sign === null) break;
    at = sign[0].length === 2 ? escaped(writer, sign) : readEntity(writer, source, sign.index);
  }
  return writer.result();
}

/** @returns the place after the character */
function escaped(writer: TextWriter, { 0: sign, index }: RegExpExecArray): number {
  writer.write(sign[1]!);
  return index + sign.length;
}

/** @returns the place after the entity */
function readEntity(writer: TextWriter, source: string, at: number): number {
  const fence = readFence(source, at);
  const sign = source[at]!;
  const mark = fence ? "```" : sign === "[" ? "]" : sign;
  const start = fence?.end ?? at + 1;
  const end = source.indexOf(mark, start);
  if (end < 0) throw refused(`Can't find end of the entity starting at byte offset ${byteOffset(source, at)}`);
  const text = source.slice(start, end);
  const offset = writer.length;
  writer.write(text);
  if (sign === "[") return readLink(writer, source, end, text);
  writer.add(detailsOf(sign, fence), offset);
  return end + mark.length;
}

function detailsOf(sign: string, fence: ReturnType<typeof readFence>): EntityDetails {
  if (sign === "*") return { type: "bold" };
  if (sign === "_") return { type: "italic" };
  return fence ? { type: "pre", ...(fence.language && { language: fence.language }) } : { type: "code" };
}

/** A text without a URL is one itself. @param at place of the `]` @returns the place after the link */
function readLink(writer: TextWriter, source: string, at: number, text: string): number {
  const hasUrl = source[at + 1] === "(";
  const closed = hasUrl ? source.indexOf(")", at + 2) : at;
  const end = closed < 0 ? source.length : closed;
  writer.add(linkEntity(hasUrl ? source.slice(at + 2, end) : text), writer.length - text.length);
  return end + 1;
}
