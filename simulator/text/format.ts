/** Converts a call's `text`, `parse_mode` and `entities` to the text and entities of a message. */

import type { MessageEntity } from "@grammyjs/types";
import { badRequest } from "../api/refusal.ts";
import { arrange } from "./arrange.ts";
import { clean } from "./clean.ts";
import { findEntities } from "./find/find-entities.ts";
import type { Entity, FormattedText, MarkedText } from "./formatted-text.ts";
import { readEntities } from "./given-entities.ts";
import { parseHtml } from "./html.ts";
import { limit } from "./limit.ts";
import { parseMarkdown } from "./markdown.ts";
import { parseMarkdownV2 } from "./markdown-v2.ts";
import { trim } from "./trim.ts";

/** "after entities parsing", https://core.telegram.org/bots/api#sendmessage */
export const MAX_TEXT = 4096;
export const MAX_CAPTION = 1024;

const PARSERS: Readonly<Record<string, (source: string) => MarkedText>> = {
  html: parseHtml,
  markdownv2: parseMarkdownV2,
  markdown: parseMarkdown,
};

/**
 * Mentions of users have the user's id alone: only the world knows the rest.
 *
 * @param entities as the call has them; a parse mode takes their place
 * @throws Refusal (400) if the parse mode is unknown, its markup is broken, or an entity is wrong
 */
export function format(source: string, parse_mode?: unknown, entities?: unknown): FormattedText {
  const marked = parse(source, parse_mode, entities);
  const nested = { ...marked, entities: arrange(marked.entities) };
  const { text, entities: given } = trim(clean(nested));
  return { text, entities: arrange(limit(given), findEntities(text)).filter(isShown) };
}

/** The entities of a text that has no markup. */
export const entitiesIn = (text: string): MessageEntity[] => arrange([], findEntities(text)).filter(isShown);

/** Telegram counts characters, not UTF-16 code units. */
export const isLonger = (text: string, limit: number) => text.length > limit && [...text].length > limit;

function parse(source: string, parse_mode: unknown, entities: unknown): MarkedText {
  const mode = typeof parse_mode === "string" ? parse_mode.toLowerCase() : "";
  if (source === "" || mode === "" || mode === "none") return { text: source, entities: readEntities(entities) };
  if (!Object.hasOwn(PARSERS, mode)) throw badRequest("Unsupported parse_mode");
  return PARSERS[mode]!(source);
}

const isShown = (entity: Entity): entity is Entity & MessageEntity => entity.type !== "bank_card_number";
