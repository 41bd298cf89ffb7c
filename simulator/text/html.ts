/** parse_mode HTML: https://core.telegram.org/bots/api#html-style (`parse_html` in MessageEntity.cpp) */

import { decodeReferences } from "./character-references.ts";
import { dateTimeFormat } from "./date-time.ts";
import type { EntityDetails, EntityType, MarkedText } from "./formatted-text.ts";
import { readEndTag, readStartTag } from "./html-tags.ts";
import { isDate, isEmojiId, linkEntity } from "./links.ts";
import { byteOffset, refused } from "./refused.ts";
import { TextWriter } from "./text-writer.ts";

type Attributes = ReadonlyMap<string, string>;
/** The entity of a tag that holds this text; undefined if the text has none. */
type Tag = (attributes: Attributes, text: string) => EntityDetails | undefined;

const plain =
  (type: EntityType): Tag =>
  () => ({ type });

const TAGS: ReadonlyMap<string, Tag> = new Map<string, Tag>([
  ["b", plain("bold")],
  ["strong", plain("bold")],
  ["i", plain("italic")],
  ["em", plain("italic")],
  ["u", plain("underline")],
  ["ins", plain("underline")],
  ["s", plain("strikethrough")],
  ["strike", plain("strikethrough")],
  ["del", plain("strikethrough")],
  ["span", plain("spoiler")],
  ["tg-spoiler", plain("spoiler")],
  ["pre", plain("pre")],
  ["code", (attributes) => ({ type: "code", ...languageOf(attributes) })],
  ["blockquote", (attributes) => ({ type: attributes.has("expandable") ? "expandable_blockquote" : "blockquote" })],
  ["a", (attributes, text) => linkEntity(attributes.get("href") || text)],
  ["tg-emoji", emoji],
  ["tg-time", time],
]);

interface Open {
  name: string;
  attributes: Attributes;
  /** Place in the text. */
  offset: number;
}

export function parseHtml(source: string): MarkedText {
  const writer = new TextWriter();
  const open: Open[] = [];
  let at = 0;
  for (let tag = source.indexOf("<"); tag >= 0; tag = source.indexOf("<", at)) {
    writer.write(decodeReferences(source.slice(at, tag)));
    at = source[tag + 1] === "/" ? close(writer, open, source, tag) : start(writer, open, source, tag);
  }
  writer.write(decodeReferences(source.slice(at)));
  const unclosed = open.at(-1);
  if (unclosed) throw refused(`Can't find end tag corresponding to start tag "${unclosed.name}"`);
  if (!writer.text.isWellFormed()) throw refused(MALFORMED);
  return withoutLanguages(writer.result());
}

const MALFORMED =
  "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units";

/** @returns the place after the tag */
function start(writer: TextWriter, open: Open[], source: string, at: number): number {
  const { name, attributes, end } = readStartTag(source, at, TAGS);
  if (name === "span" && attributes.get("class") !== "tg-spoiler") {
    throw refused(`Tag "span" must have class "tg-spoiler" at byte offset ${byteOffset(source, at)}`);
  }
  open.push({ name, attributes, offset: writer.length });
  return end;
}

/** @returns the place after the tag */
function close(writer: TextWriter, open: Open[], source: string, at: number): number {
  const place = () => `at byte offset ${byteOffset(source, at)}`;
  const opened = open.pop();
  if (opened === undefined) throw refused(`Unexpected end tag ${place()}`);
  const { name, end } = readEndTag(source, at);
  if (name !== "" && name !== opened.name) {
    throw refused(`Unmatched end tag ${place()}, expected "</${opened.name}>", found "</${name}>"`);
  }
  const { offset, attributes } = opened;
  if (writer.length > offset && !completesCode(writer, opened)) {
    writer.add(TAGS.get(opened.name)!(attributes, writer.text.slice(offset)), offset);
  }
  return end;
}

/** `<pre><code class="language-x">`, in either order, is one entity: a pre with a language. */
function completesCode(writer: TextWriter, { name, attributes, offset }: Open): boolean {
  const { last } = writer;
  if (last === undefined || last.offset !== offset || offset + last.length !== writer.length) return false;
  if (name === "pre" && last.type === "code" && last.language !== undefined) {
    last.type = "pre";
    return true;
  }
  const { language } = languageOf(attributes);
  if (name !== "code" || last.type !== "pre" || last.language !== undefined || language === undefined) return false;
  last.language = language;
  return true;
}

function languageOf(attributes: Attributes): { language?: string } {
  const language = /^language-(.+)$/s.exec(attributes.get("class") ?? "")?.[1];
  return language === undefined ? {} : { language };
}

/** Code outside of a pre has no language. */
function withoutLanguages({ text, entities }: MarkedText): MarkedText {
  for (const entity of entities) if (entity.type === "code") delete entity.language;
  return { text, entities };
}

function emoji(attributes: Attributes): EntityDetails {
  const custom_emoji_id = attributes.get("emoji-id") ?? "";
  if (!isEmojiId(custom_emoji_id)) throw refused("Invalid custom emoji identifier specified");
  return { type: "custom_emoji", custom_emoji_id };
}

function time(attributes: Attributes): EntityDetails | undefined {
  const date_time_format = dateTimeFormat(attributes.get("format") ?? "");
  if (date_time_format === undefined) throw refused("Invalid date format used");
  const unix_time = Number.parseInt(attributes.get("unix") ?? "", 10);
  return isDate(unix_time) ? { type: "date_time", unix_time, date_time_format } : undefined;
}
