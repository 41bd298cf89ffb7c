/**
 * parse_mode MarkdownV2 and, with fewer markers and no nesting, the legacy Markdown:
 * https://core.telegram.org/bots/api#markdownv2-style
 */

import type { MessageEntity } from "@grammyjs/types";
import { badRequest } from "../api/refusal.ts";
import { EntityStack, type FormattedText } from "./entity-stack.ts";
import { linkTo } from "./html.ts";

type EntityType = MessageEntity["type"];

const MARKERS_V2: Record<string, EntityType> = {
  "*": "bold",
  _: "italic",
  __: "underline",
  "~": "strikethrough",
  "||": "spoiler",
};
const MARKERS_LEGACY: Record<string, EntityType> = { "*": "bold", _: "italic" };
const RESERVED = "_*[]()~`>#+-=|{}.!";
/** Characters that a backslash escapes in the legacy style. */
const ESCAPABLE_LEGACY = "_*`[";

export const parseMarkdownV2 = (source: string) => new Markdown(source, true).parse();
export const parseMarkdown = (source: string) => new Markdown(source, false).parse();

class Markdown {
  readonly #source: string;
  readonly #isV2: boolean;
  readonly #markers: Record<string, EntityType>;
  readonly #stack = new EntityStack();
  #at = 0;

  constructor(source: string, isV2: boolean) {
    this.#source = source;
    this.#isV2 = isV2;
    this.#markers = isV2 ? MARKERS_V2 : MARKERS_LEGACY;
  }

  parse(): FormattedText {
    while (this.#at < this.#source.length) this.#step();
    if (this.#stack.innermost === ">") this.#stack.close();
    if (this.#stack.innermost !== undefined) throw this.#unclosed();
    return this.#stack.result();
  }

  #step(): void {
    const character = this.#source[this.#at]!;
    if (character === "\\" && this.#isEscapable(this.#source[this.#at + 1])) return this.#plain(2, 1);
    if (this.#readQuote() || this.#readCode() || this.#readMarker() || this.#readLink()) return;
    if (this.#isV2 && RESERVED.includes(character)) {
      throw badRequest(
        `can't parse entities: Character '${character}' is reserved and must be escaped with the preceding '\\'`,
      );
    }
    this.#plain(1);
  }

  /** Writes the next characters unchanged. */
  #plain(length: number, skip = 0): void {
    this.#stack.write(this.#source.slice(this.#at + skip, this.#at + length));
    this.#at += length;
  }

  #isEscapable(character: string | undefined): boolean {
    if (character === undefined) return false;
    return this.#isV2 ? character.charCodeAt(0) < 127 : ESCAPABLE_LEGACY.includes(character);
  }

  /** `>` at the beginning of a line; the quotation ends before the first line without it. */
  #readQuote(): boolean {
    if (!this.#isV2) return false;
    const atLineStart = this.#at === 0 || this.#source[this.#at - 1] === "\n";
    const quoted = this.#source[this.#at] === ">";
    if (!atLineStart) return false;
    if (this.#stack.innermost === ">" && !quoted) this.#stack.close();
    if (!quoted) return false;
    if (this.#stack.innermost !== ">") this.#stack.open(">", { type: "blockquote" }, this.#at);
    this.#at += 1;
    return true;
  }

  /** Nothing is parsed inside code. */
  #readCode(): boolean {
    const fence = ["```", "`"].find((marker) => this.#source.startsWith(marker, this.#at));
    if (fence === undefined) return false;
    const body = this.#source.slice(this.#at + fence.length);
    const end = new RegExp(`^((?:\\\\.|[^\\\\])*?)${fence}`, "su").exec(body);
    if (end === null) throw this.#unclosed(this.#at);
    const language = fence === "```" ? /^([\w+-]+)\n/u.exec(end[1]!)?.[1] : undefined;
    const code = end[1]!
      .slice(language === undefined ? 0 : language.length + 1)
      .replace(fence === "```" ? /^\n/ : /^$/, "");
    this.#stack.open(fence, { type: fence === "```" ? "pre" : "code", ...(language && { language }) });
    this.#stack.write(code.replaceAll(/\\(.)/gsu, "$1"));
    this.#stack.close();
    this.#at += fence.length + end[0].length;
    return true;
  }

  #readMarker(): boolean {
    const next = this.#source.slice(this.#at, this.#at + 2);
    const marker = next in this.#markers ? next : next.slice(0, 1);
    const type = this.#markers[marker];
    if (type === undefined) return false;
    if (this.#stack.innermost === marker) this.#stack.close();
    else this.#stack.open(marker, { type }, this.#at);
    this.#at += marker.length;
    return true;
  }

  /** `[text](url)`, and `![emoji](tg://emoji?id=…)`. */
  #readLink(): boolean {
    const opening = this.#source.startsWith("![", this.#at) && this.#isV2 ? "![" : "[";
    if (this.#source.startsWith(opening, this.#at)) {
      this.#stack.open("]", undefined, this.#at);
      this.#at += opening.length;
      return true;
    }
    if (this.#source[this.#at] !== "]" || this.#stack.innermost !== "]") return false;
    const target = /^\]\(((?:\\.|[^\\)])*)\)/su.exec(this.#source.slice(this.#at));
    if (target === null) throw this.#unclosed();
    const url = target[1]!.replaceAll(/\\(.)/gsu, "$1");
    const emoji = /^tg:\/\/emoji\?id=(\d+)$/.exec(url)?.[1];
    this.#stack.setStart(emoji === undefined ? linkTo(url) : { type: "custom_emoji", custom_emoji_id: emoji });
    this.#stack.close();
    this.#at += target[0].length;
    return true;
  }

  #unclosed(from = this.#stack.openedAt ?? 0) {
    const at = Buffer.byteLength(this.#source.slice(0, from));
    return badRequest(`can't parse entities: Can't find end of the entity starting at byte offset ${at}`);
  }
}
