/** parse_mode MarkdownV2: https://core.telegram.org/bots/api#markdownv2-style (`parse_markdown_v2` in MessageEntity.cpp) */

import { readFence } from "./code-fence.ts";
import type { EntityDetails, MarkedText } from "./formatted-text.ts";
import { emojiOrDate, linkEntity } from "./links.ts";
import { matchAt } from "./match-at.ts";
import { byteOffset, refused } from "./refused.ts";
import { TextWriter } from "./text-writer.ts";

/** Telegram's name of an entity, which the refusals have. */
type Name =
  | "Bold"
  | "Italic"
  | "Underline"
  | "Strikethrough"
  | "Spoiler"
  | "Code"
  | "Pre"
  | "PreCode"
  | "TextUrl"
  | "CustomEmoji"
  | "BlockQuote";

interface Open {
  name: Name;
  details: EntityDetails | undefined;
  /** Place in the text. */
  offset: number;
  /** Place in the source. */
  openedAt: number;
}

/** Marks that open an entity, the longest first. */
const OPENINGS: readonly [mark: string, name: Name, details?: EntityDetails][] = [
  ["__", "Underline", { type: "underline" }],
  ["_", "Italic", { type: "italic" }],
  ["*", "Bold", { type: "bold" }],
  ["~", "Strikethrough", { type: "strikethrough" }],
  ["||", "Spoiler", { type: "spoiler" }],
  ["`", "Code", { type: "code" }],
  ["![", "CustomEmoji"],
  ["[", "TextUrl"],
];

const CLOSINGS: Readonly<Record<Name, RegExp | undefined>> = {
  Bold: /\*/y,
  Italic: /_(?!_)/y,
  Underline: /__/y,
  Strikethrough: /~/y,
  Spoiler: /\|\|/y,
  Code: /`/y,
  Pre: /```/y,
  PreCode: /```/y,
  TextUrl: /\]/y,
  CustomEmoji: /\]/y,
  BlockQuote: undefined,
};

const PLAIN = /[^\\_*[\]()~`>#+\-=|{}.!\n]+/y;
/** Code and pre reserve the backtick alone. */
const PLAIN_IN_CODE = /[^\\`]+/y;
const ESCAPED = String.raw`\\(?!\x7f)\p{ASCII}`;
const ESCAPE = new RegExp(ESCAPED, "uy");
const ESCAPES = new RegExp(ESCAPED, "gu");
const URL = new RegExp(`(?:${ESCAPED}|[^)])*`, "uy");

export const parseMarkdownV2 = (source: string): MarkedText => new MarkdownV2(source).parse();

class MarkdownV2 {
  readonly #source: string;
  readonly #writer = new TextWriter();
  readonly #open: Open[] = [];
  #at = 0;
  #isInQuote = false;
  /** At the beginning of a line: `>` begins or goes on with a quotation. */
  #isAtLineStart = true;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): MarkedText {
    while (this.#at < this.#source.length) {
      if (this.#readEscape() || this.#readPlain() || this.#readEndOfQuote() || this.#readClosing()) continue;
      if (this.#readLineBreak() || this.#readQuote() || this.#readOpening()) continue;
      throw refused(`Character '${this.#source[this.#at]}' is reserved and must be escaped with the preceding '\\'`);
    }
    this.#endQuoteAtEnd();
    if (this.#innermost !== undefined) throw this.#unclosed();
    return this.#writer.result();
  }

  get #innermost(): Open | undefined {
    return this.#open.at(-1);
  }

  #readEscape(): boolean {
    const [, character] = this.#match(ESCAPE);
    if (character === undefined) return false;
    this.#write(character, 2);
    if (character !== "\r") this.#isAtLineStart = character === "\n";
    return true;
  }

  /** A backslash in front of nothing that it could escape is one, too. */
  #readPlain(): boolean {
    const name = this.#innermost?.name;
    const isCode = name === "Code" || name === "Pre" || name === "PreCode";
    const plain = this.#match(isCode ? PLAIN_IN_CODE : PLAIN) || (this.#source[this.#at] === "\\" ? "\\" : "");
    if (plain === "") return false;
    this.#write(plain);
    // Within code, a line break begins no line that could be quoted.
    if (/[^\r]/.test(plain)) this.#isAtLineStart = false;
    return true;
  }

  /** A quotation ends with the last line that begins with `>`. All that was opened in it must be closed. */
  #readEndOfQuote(): boolean {
    if (!this.#isInQuote || this.#source[this.#at] !== "\n" || this.#source[this.#at + 1] === ">") return false;
    const isExpandable = this.#dropExpansion();
    if (this.#innermost?.name !== "BlockQuote") throw this.#unclosed();
    this.#readLineBreak();
    this.#endQuote(isExpandable);
    return true;
  }

  /** Takes back a spoiler that was opened at the very end of a quotation: `||` there makes it expandable. */
  #dropExpansion(): boolean {
    const { name, openedAt = 0 } = this.#innermost ?? {};
    const isLast = name === "Spoiler" && /^\|\|\r?$/.test(this.#source.slice(openedAt, this.#at));
    if (isLast) this.#open.pop();
    return isLast;
  }

  #endQuote(isExpandable: boolean): void {
    this.#isInQuote = false;
    const { offset } = this.#open.pop()!;
    this.#writer.add({ type: isExpandable ? "expandable_blockquote" : "blockquote" }, offset);
  }

  /** The end of the source ends a quotation, too; a carriage return hides the `||` then. */
  #endQuoteAtEnd(): void {
    if (!this.#isInQuote) return;
    const isExpandable = !this.#source.endsWith("\r") && this.#dropExpansion();
    if (this.#innermost?.name === "BlockQuote") this.#endQuote(isExpandable);
  }

  #readClosing(): boolean {
    const opened = this.#innermost;
    const pattern = opened && CLOSINGS[opened.name];
    const mark = pattern === undefined ? "" : this.#match(pattern);
    if (opened === undefined || mark === "") return false;
    this.#at += mark.length;
    const details = this.#detailsOf(opened);
    this.#open.pop();
    this.#writer.add(details, opened.offset);
    return true;
  }

  #detailsOf({ name, details, offset }: Open): EntityDetails | undefined {
    if (name === "TextUrl") return linkEntity(this.#readUrl() ?? this.#writer.text.slice(offset));
    if (name !== "CustomEmoji") return details;
    const url = this.#readUrl();
    if (url === undefined) throw refused("The entity must contain a tg://emoji or tg://time URL");
    const entity = emojiOrDate(url);
    if (entity === undefined) throw refused("Invalid tg://emoji or tg://time URL specified");
    return entity;
  }

  /** The URL in brackets; undefined if there is no bracket. */
  #readUrl(): string | undefined {
    if (this.#source[this.#at] !== "(") return undefined;
    this.#at += 1;
    const url = this.#match(URL);
    const end = this.#at + url.length;
    if (this.#source[end] !== ")") throw refused(`Can't find end of a URL at byte offset ${this.#bytes(this.#at)}`);
    this.#at = end + 1;
    return url.replace(ESCAPES, ([, character]) => character!);
  }

  #readLineBreak(): boolean {
    if (this.#source[this.#at] !== "\n") return false;
    this.#write("\n");
    this.#isAtLineStart = true;
    return true;
  }

  #readQuote(): boolean {
    if (this.#source[this.#at] !== ">" || !this.#isAtLineStart) return false;
    if (!this.#isInQuote) this.#begin("BlockQuote", undefined, 0);
    this.#isInQuote = true;
    this.#at += 1;
    return true;
  }

  #readOpening(): boolean {
    const fence = readFence(this.#source, this.#at);
    if (fence !== undefined) {
      const { language, end } = fence;
      const name = language === undefined ? "Pre" : "PreCode";
      this.#begin(name, { type: "pre", ...(language !== undefined && { language }) }, end - this.#at);
      return true;
    }
    const opening = OPENINGS.find(([mark]) => this.#source.startsWith(mark, this.#at));
    if (opening === undefined) return false;
    const [mark, name, details] = opening;
    this.#begin(name, details, mark.length);
    return true;
  }

  #begin(name: Name, details: EntityDetails | undefined, length: number): void {
    this.#open.push({ name, details, offset: this.#writer.length, openedAt: this.#at });
    this.#at += length;
  }

  /** @param length of the text in the source */
  #write(text: string, length = text.length): void {
    this.#writer.write(text);
    this.#at += length;
  }

  #match(pattern: RegExp): string {
    return matchAt(pattern, this.#source, this.#at)?.[0] ?? "";
  }

  #unclosed() {
    const { name, openedAt = 0 } = this.#innermost ?? {};
    return refused(`Can't find end of ${name} entity at byte offset ${this.#bytes(openedAt)}`);
  }

  #bytes(at: number): number {
    return byteOffset(this.#source, at);
  }
}
