/** parse_mode HTML: https://core.telegram.org/bots/api#html-style */

import type { MessageEntity } from "@grammyjs/types";
import { badRequest } from "../api/refusal.ts";
import { EntityStack, type FormattedText } from "./entity-stack.ts";

type EntityType = MessageEntity["type"];

const TAGS: Record<string, EntityType> = {
  b: "bold",
  strong: "bold",
  i: "italic",
  em: "italic",
  u: "underline",
  ins: "underline",
  s: "strikethrough",
  strike: "strikethrough",
  del: "strikethrough",
  "tg-spoiler": "spoiler",
  "tg-emoji": "custom_emoji",
  "tg-time": "date_time",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
};
const CHARACTERS: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"' };

const TOKEN =
  /<(\/?)([a-z][a-z0-9-]*)((?:\s+[\w-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]*))?)*)\s*>|&(?:#(\d+)|#x([0-9a-f]+)|(\w+));|</giu;
const ATTRIBUTE = /([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?/gu;

export function parseHtml(source: string): FormattedText {
  const stack = new EntityStack();
  let read = 0;
  for (const match of source.matchAll(TOKEN)) {
    const [token, slash, name, attributes, decimal, hex, entity] = match;
    const at = () => `at byte offset ${Buffer.byteLength(source.slice(0, match.index))}`;
    stack.write(source.slice(read, match.index));
    read = match.index + token.length;
    if (token.startsWith("&")) {
      stack.write(characterOf(decimal, hex, entity) ?? token);
    } else if (name === undefined) {
      throw badRequest(`can't parse entities: Unsupported start tag "" ${at()}`);
    } else if (slash === "/") {
      close(stack, name.toLowerCase(), at);
    } else {
      open(stack, name.toLowerCase(), attributes ?? "", at);
    }
  }
  stack.write(source.slice(read));
  if (stack.innermost !== undefined) {
    throw badRequest(`can't parse entities: Can't find end tag corresponding to start tag "${stack.innermost}"`);
  }
  return stack.result();
}

function open(stack: EntityStack, tag: string, text: string, at: () => string): void {
  const attributes = new Map([...text.matchAll(ATTRIBUTE)].map(([, key, ...values]) => [key, decode(values.join(""))]));
  if (tag === "a") {
    const url = attributes.get("href");
    return stack.open(tag, url === undefined ? undefined : linkTo(url));
  }
  if (tag === "span" && attributes.get("class") === "tg-spoiler") return stack.open(tag, { type: "spoiler" });
  if (tag === "blockquote" && attributes.has("expandable")) return stack.open(tag, { type: "expandable_blockquote" });
  if (tag === "tg-emoji") {
    return stack.open(tag, { type: "custom_emoji", custom_emoji_id: attributes.get("emoji-id") ?? "" });
  }
  // `<pre><code class="language-x">` is one entity, a pre with a language.
  const language = /^language-(.+)$/.exec(attributes.get("class") ?? "")?.[1];
  if (tag === "code" && stack.innermost === "pre" && language !== undefined) {
    stack.amend({ language });
    return stack.open(tag, undefined);
  }
  const type = TAGS[tag];
  if (type === undefined) throw badRequest(`can't parse entities: Unsupported start tag "${tag}" ${at()}`);
  stack.open(tag, { type });
}

function close(stack: EntityStack, tag: string, at: () => string): void {
  if (stack.innermost === undefined) throw badRequest(`can't parse entities: Unexpected end tag ${at()}`);
  if (stack.innermost !== tag) {
    const wanted = `expected "</${stack.innermost}>", found "</${tag}>"`;
    throw badRequest(`can't parse entities: Unmatched end tag ${at()}, ${wanted}`);
  }
  stack.close();
}

/** A link to `tg://user?id=` is a mention. */
export function linkTo(url: string): { type: string; [key: string]: unknown } {
  const id = /^tg:\/\/user\?id=(\d+)$/.exec(url)?.[1];
  if (id === undefined) return { type: "text_link", url };
  return { type: "text_mention", user: { id: Number(id), is_bot: false, first_name: "" } };
}

const decode = (text: string) =>
  text.replaceAll(
    /&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/giu,
    (whole, decimal, hex, name) => characterOf(decimal, hex, name) ?? whole,
  );

function characterOf(decimal?: string, hex?: string, name?: string): string | undefined {
  const code = decimal !== undefined ? Number(decimal) : hex !== undefined ? Number.parseInt(hex, 16) : undefined;
  if (code !== undefined) return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
  return CHARACTERS[name ?? ""];
}
