/** Properties of every text: entities lie in it and nest, texts that are sent again stay as they are, work grows as the text does. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MessageEntity } from "@grammyjs/types";
import fc from "fast-check";
import { Refusal } from "../../../simulator/api/refusal.ts";
import { format } from "../../../simulator/text/format.ts";
import type { FormattedText } from "../../../simulator/text/formatted-text.ts";

const SEED = 1;
const MODES = [undefined, "HTML", "MarkdownV2", "Markdown"];
const STYLES = ["bold", "italic", "underline", "strikethrough", "spoiler"];
const CODES = ["code", "pre", "date_time"];
const QUOTES = ["blockquote", "expandable_blockquote"];

/** Pieces of which hostile texts are made. */
const PIECES = [
  "a b é 😀 A 1 12345678901234567 . .. : :// / // # @ $ + - _ __ * ** ~ | || ` ``` ( ) [ ] { } < > & ! \\ = ' \" , ;",
  "tg:// http:// https ftp mailto: x.org xn-- www. 127.0.0.1 @name /cmd #tag $USD +1212555 4111111111111111",
  "<b> </b> <i> </i> </> <pre> </pre> <code> <a </a> href= <span <tg-spoiler> <blockquote> <tg-time unix=1> &lt &#65; &#xd83d;",
  "![ ]( tg://emoji?id=1) tg://time?unix=9) ](x.org) **> || \u200b \u200f \u00a0 \u202e \u0333 \ud83d",
]
  .join(" ")
  .split(" ");
const piece = fc.constantFrom(...PIECES, " ", "\n", "\r", "\t", "\n>");
const source = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));

const given = fc.array(
  fc.record({
    type: fc.constantFrom(...STYLES, ...QUOTES, "code", "pre", "text_link", "custom_emoji"),
    offset: fc.nat(20),
    length: fc.nat(8),
    url: fc.constant("x.org"),
    custom_emoji_id: fc.constant("1"),
  }),
  { maxLength: 12 },
);

/** Undefined for a refusal. @throws every other error */
function formatted(...parameters: Parameters<typeof format>): FormattedText | undefined {
  try {
    return format(...parameters);
  } catch (error) {
    if (error instanceof Refusal && error.error_code === 400) return undefined;
    throw error;
  }
}

const end = ({ offset, length }: MessageEntity) => offset + length;

function checkNesting({ text, entities }: FormattedText): void {
  const outer: MessageEntity[] = [];
  let last = { offset: 0, length: text.length };
  for (const entity of entities) {
    const { type, offset, length } = entity;
    assert.ok(Number.isInteger(offset) && offset >= 0 && length > 0 && end(entity) <= text.length, "in the text");
    assert.ok(offset > last.offset || (offset === last.offset && length <= last.length), "in order");
    last = entity;
    while (outer.length > 0 && end(outer.at(-1)!) <= offset) outer.pop();
    for (const { type: holder, ...place } of outer) {
      assert.ok(end(entity) <= place.offset + place.length, "nested");
      assert.notEqual(holder, type);
      assert.ok(!CODES.includes(holder), "nothing lies in code");
      assert.ok(STYLES.includes(type) || QUOTES.includes(holder) || STYLES.includes(holder), "links hold styles only");
      assert.ok(!(QUOTES.includes(type) && QUOTES.includes(holder)), "quotations do not nest");
    }
    outer.push(entity);
  }
}

describe("texts of any kind", () => {
  test("are formatted or refused, and their entities nest", () => {
    const property = fc.property(source, fc.constantFrom(...MODES), (text, mode) => {
      const result = formatted(text, mode);
      if (result === undefined) return;
      assert.ok(!/[ \n]$/.test(result.text) && !/[\t\r]/.test(result.text), "clean and trimmed");
      checkNesting(result);
    });
    fc.assert(property, { seed: SEED, numRuns: 1500 });
  });

  test("stay as they are when they are sent again with their entities", () => {
    const property = fc.property(source, fc.constantFrom(...MODES), (text, mode) => {
      const result = formatted(text, mode);
      if (result?.text.isWellFormed()) {
        assert.deepEqual(formatted(result.text, undefined, result.entities), result);
      }
    });
    fc.assert(property, { seed: SEED, numRuns: 800 });
  });
});

test("given entities: every character keeps its styles, and code has none", () => {
  const property = fc.property(given, (entities) => {
    const text = "aaa:example.org:bbb".padEnd(28, "c");
    const result = format(text, undefined, entities);
    checkNesting(result);
    const at = (all: readonly { type: string; offset: number; length: number }[], types: string[], place: number) =>
      new Set(
        all
          .filter(({ type, offset, length }) => types.includes(type) && offset <= place && place < offset + length)
          .map(({ type }) => type),
      );
    for (let place = 0; place < text.length; place += 1) {
      const isCode = at(result.entities, CODES, place).size > 0;
      const wanted = isCode ? new Set() : at(entities, STYLES, place);
      assert.deepEqual([...at(result.entities, STYLES, place)].sort(), [...wanted].sort());
    }
  });
  fc.assert(property, { seed: SEED, numRuns: 800 });
});

/** Repeated, each of these would be slow for a parser that looks at a part of the text again and again. */
const HOSTILE = [
  ...[
    ".",
    ".?",
    "a./",
    "@",
    "a.b@",
    "a@b.",
    "://a.",
    "http://",
    "x.org/(",
    "x.org/)",
    "x.y:0",
    "a.com/ ",
    "_a.",
    "a.a.a@",
  ],
  ...["#a", "#a@bcd#", "$A@abc", "1 ", "1-", "12345678901234567 ", "+1", "+1(2)", "/a", "tg://a?", "tg://a/!"],
  ...[
    "<b>",
    "<b>a</b>",
    "<a href='",
    "<i a=b ",
    "&",
    "&#1",
    "`",
    "```a",
    "*a",
    "_a",
    "*_",
    "\\",
    ">a\n",
    ">||\n",
    "||",
    "[a](b",
  ],
  ...["\u200f", "\r", " ", "\n", "a", "\u00e9.", "\u{1f600}."],
];
const SHORT = 1000;
const LONG = 4 * SHORT;

/** Code units that are looked at one by one, calls of regular expressions, and the length of what these match. */
function stepsOf(run: () => void): number {
  const { charCodeAt } = String.prototype;
  const { exec } = RegExp.prototype;
  let steps = 0;
  String.prototype.charCodeAt = function (at) {
    steps += 1;
    return charCodeAt.call(this, at);
  };
  RegExp.prototype.exec = function (text) {
    const match = exec.call(this, text);
    steps += 1 + (match?.[0].length ?? 0);
    return match;
  };
  try {
    run();
  } finally {
    Object.assign(String.prototype, { charCodeAt });
    Object.assign(RegExp.prototype, { exec });
  }
  return steps;
}

test("the work for a hostile text grows as its length does", () => {
  for (const mode of MODES) {
    for (const unit of HOSTILE) {
      const stepsFor = (length: number) => stepsOf(() => formatted(unit.repeat(length / unit.length), mode));
      const [short, long] = [stepsFor(SHORT), stepsFor(LONG)];
      assert.ok(long <= 5 * short + 100, `${mode} ${JSON.stringify(unit)}: ${short} steps, then ${long}`);
    }
  }
});
