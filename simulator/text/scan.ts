/**
 * Entities that Telegram finds in plain text by itself: commands, mentions, hashtags, links, e-mail addresses. Offsets
 * and lengths are UTF-16 code units, as in JavaScript strings: https://core.telegram.org/bots/api#messageentity
 */

import type { MessageEntity } from "@grammyjs/types";

/** In order of precedence: a later pattern does not overlap a match of an earlier one. */
const PATTERNS: readonly [
  type: "url" | "email" | "bot_command" | "mention" | "hashtag" | "cashtag",
  pattern: RegExp,
][] = [
  ["url", /\bhttps?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]']/giu],
  ["email", /[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/giu],
  ["bot_command", /(?<![\p{L}\p{N}_/<>])\/[a-z0-9_]{1,64}(?:@[a-z0-9_]{3,32})?(?![\w/])/giu],
  ["mention", /(?<![\p{L}\p{N}_])@[a-z]\w{3,31}(?!\w)/giu],
  ["hashtag", /(?<![\p{L}\p{N}_&])#(?!\d+(?![\p{L}_]))[\p{L}\p{N}_]{1,256}/giu],
  ["cashtag", /(?<![\p{L}\p{N}_$])\$[A-Z]{3,8}(?![\p{L}\p{N}_$])/gu],
  [
    "url",
    /(?<![\p{L}\p{N}_@./-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|me|dev|app|ru|de|uk|eu|info)(?:\/[^\s<>"]*[^\s<>".,;:!?)\]'])?(?![\p{L}\p{N}_-])/giu,
  ],
];
/** Every entity contains one of these. */
const ANY_SIGN = /[/@#$.]/;

/** @param taken entities that exist already; code and links among them are not searched */
export function scanEntities(text: string, taken: readonly MessageEntity[] = []): MessageEntity[] {
  if (!ANY_SIGN.test(text)) return [];
  const found: MessageEntity[] = [];
  for (const [type, pattern] of PATTERNS) {
    for (const match of text.matchAll(pattern)) {
      const entity = { type, offset: match.index, length: match[0].length };
      if (!overlaps(entity, found) && !overlaps(entity, taken.filter(isOpaque))) found.push(entity);
    }
  }
  return found.sort((a, b) => a.offset - b.offset);
}

/** Text in code and links is not searched. */
const isOpaque = ({ type }: MessageEntity) => type === "code" || type === "pre" || type === "text_link";

const overlaps = ({ offset, length }: { offset: number; length: number }, others: readonly MessageEntity[]) =>
  others.some((other) => offset < other.offset + other.length && other.offset < offset + length);
