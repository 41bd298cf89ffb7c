/** Reads the tags of HTML, with the refusals of `parse_html` in MessageEntity.cpp. */

import { decodeReferences } from "./character-references.ts";
import { matchAt } from "./match-at.ts";
import { byteOffset, refused } from "./refused.ts";

export interface StartTag {
  /** In lower case. */
  name: string;
  /** Of an attribute that is given twice, the last value. An attribute without a value has none. */
  attributes: ReadonlyMap<string, string>;
  /** Place after the tag. */
  end: number;
}

export interface EndTag {
  /** In lower case. Empty for `</>`, which ends any tag. */
  name: string;
  end: number;
}

const NAME = /[^\s>]*/y;
const SPACE = /\s*/y;
const ATTRIBUTE_NAME = /[^\s=>/"']*/y;
const TOKEN = /[a-z\d.-]*/iy;
const QUOTED = /"[^"]*"?|'[^']*'?/y;

/** @param at place of the `<` @param names known tags @throws Refusal (400) */
export function readStartTag(source: string, at: number, names: { has(name: string): boolean }): StartTag {
  const place = () => `at byte offset ${byteOffset(source, at)}`;
  const name = read(NAME, source, at + 1);
  let end = at + 1 + name.length;
  const tag = name.toLowerCase();
  if (end === source.length) throw refused(`Unclosed start tag ${place()}`);
  if (!names.has(tag)) throw refused(`Unsupported start tag "${tag}" ${place()}`);
  const attributes = new Map<string, string>();
  for (;;) {
    end = afterSpace(source, end);
    if (source[end] === ">") return { name: tag, attributes, end: end + 1 };
    const attribute = read(ATTRIBUTE_NAME, source, end);
    if (attribute === "") throw refused(`Empty attribute name in the tag "${tag}" ${place()}`);
    end = afterSpace(source, end + attribute.length);
    const hasValue = source[end] === "=";
    if (hasValue) end = afterSpace(source, end + 1);
    if (end === source.length) throw refused(`Unclosed start tag "${tag}" ${place()}`);
    const value = hasValue ? readValue(source, end) : { text: "", end };
    end = value.end;
    if (end === source.length) throw refused(`Unclosed start tag ${place()}`);
    attributes.set(attribute, value.text);
  }
}

/** A text in quotation marks, or a word, which loses its capital letters. */
function readValue(source: string, at: number): { text: string; end: number } {
  const quoted = read(QUOTED, source, at);
  if (quoted !== "") return { text: decodeReferences(quoted.slice(1, -1)), end: at + quoted.length };
  const word = read(TOKEN, source, at);
  const end = at + word.length;
  if (end < source.length && !/[\s>]/.test(source[end]!)) {
    throw refused(`Unexpected end of name token at byte offset ${byteOffset(source, at)}`);
  }
  return { text: word.toLowerCase(), end };
}

/** @param at place of the `</` @throws Refusal (400) */
export function readEndTag(source: string, at: number): EndTag {
  const name = read(NAME, source, at + 2);
  const end = afterSpace(source, at + 2 + name.length);
  if (source[end] !== ">") throw refused(`Unclosed end tag at byte offset ${byteOffset(source, at)}`);
  return { name: name.toLowerCase(), end: end + 1 };
}

const afterSpace = (source: string, at: number) => at + read(SPACE, source, at).length;

/** @param pattern a sticky one that matches the empty text, too */
function read(pattern: RegExp, source: string, at: number): string {
  return matchAt(pattern, source, at)?.[0] ?? "";
}
