/** Converts a call's `text`, `parse_mode` and `entities` to the text and entities of a message. */

import type { MessageEntity } from "@grammyjs/types";
import { badRequest } from "../api/refusal.ts";
import type { FormattedText } from "./entity-stack.ts";
import { parseHtml } from "./html.ts";
import { parseMarkdown, parseMarkdownV2 } from "./markdown.ts";
import { scanEntities } from "./scan.ts";

/** "after entities parsing", https://core.telegram.org/bots/api#sendmessage */
export const MAX_TEXT = 4096;
export const MAX_CAPTION = 1024;

const PARSERS: Record<string, (source: string) => FormattedText> = {
  html: parseHtml,
  markdownv2: parseMarkdownV2,
  markdown: parseMarkdown,
};

/** @throws Refusal if the parse mode is unknown or its markup is broken */
export function format(source: string, parse_mode?: unknown, entities?: readonly MessageEntity[]): FormattedText {
  const marked = parse(source, parse_mode, entities);
  const { text, entities: given } = trim(marked);
  const found = scanEntities(text, given);
  return { text, entities: [...given, ...found].sort((a, b) => a.offset - b.offset || b.length - a.length) };
}

/** Telegram counts characters, not UTF-16 code units. */
export const isLonger = (text: string, limit: number) => text.length > limit && [...text].length > limit;

function parse(source: string, parse_mode: unknown, entities: readonly MessageEntity[] | undefined): FormattedText {
  if (typeof parse_mode !== "string" || parse_mode === "" || parse_mode.toLowerCase() === "none") {
    return { text: source, entities: entities === undefined ? [] : entities.filter(isEntity) };
  }
  const parser = PARSERS[parse_mode.toLowerCase()];
  if (parser === undefined) throw badRequest("unsupported parse_mode");
  return parser(source);
}

/** Removes white space around the text, and shifts the entities. */
function trim({ text, entities }: FormattedText): FormattedText {
  const trimmed = text.trim();
  if (trimmed.length === text.length) return { text, entities };
  const shift = text.length - text.trimStart().length;
  const moved = entities.map((entity) => {
    const start = Math.max(0, entity.offset - shift);
    const end = Math.min(trimmed.length, entity.offset + entity.length - shift);
    return { ...entity, offset: start, length: end - start };
  });
  return { text: trimmed, entities: moved.filter(({ length }) => length > 0) };
}

const isEntity = (value: unknown): value is MessageEntity =>
  typeof value === "object" &&
  value !== null &&
  "type" in value &&
  Number.isInteger((value as MessageEntity).offset) &&
  Number.isInteger((value as MessageEntity).length);
