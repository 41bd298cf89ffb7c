/** The cases follow `parse_markdown_v2` in td's MessageEntity.cpp. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { format } from "../../../simulator/text/format.ts";
import { marked as markedWith, refusalOf } from "./shown.ts";

const marked = (source: string) => markedWith(source, "MarkdownV2");
const refused = (source: string) => refusalOf(() => format(source, "MarkdownV2"));

test("MarkdownV2: every marker has its entity", () => {
  assert.deepEqual(marked("*b _i_* __u__ ~s~ ||p|| `c*` [l](https://x.org) ![👍](tg://emoji?id=7)"), [
    'bold "b "',
    'bold "i"',
    'italic "i"',
    'underline "u"',
    'strikethrough "s"',
    'spoiler "p"',
    'code "c*"',
    'text_link "l" https://x.org/',
    'custom_emoji "👍" 7',
  ]);
});

test("MarkdownV2: the sample of the reference is read", () => {
  // https://core.telegram.org/bots/api#markdownv2-style
  const sample = `*bold \\*text*
_italic \\*text_
__underline__
~strikethrough~
||spoiler||
*bold _italic bold ~italic bold strikethrough ||italic bold strikethrough spoiler||~ __underline italic bold___ bold*
[inline URL](http://www.example.com/)
[inline mention of a user](tg://user?id=123456789)
![👍](tg://emoji?id=5368324170671202286)
\`inline fixed-width code\`
\`\`\`
pre-formatted fixed-width code block
\`\`\`
\`\`\`python
pre-formatted fixed-width code block written in the Python programming language
\`\`\`
>Block quotation started
>Block quotation continued
>The last line of the block quotation
**>The expandable block quotation started right after the previous block quotation
>It is separated from the previous block quotation by an empty bold entity
>The last line of the expandable block quotation with the expandability mark||`;
  const types = new Set(format(sample, "MarkdownV2").entities.map(({ type }) => type));
  assert.deepEqual([...types].sort(), [
    "blockquote",
    "bold",
    "code",
    "custom_emoji",
    "expandable_blockquote",
    "italic",
    "pre",
    "spoiler",
    "strikethrough",
    "text_link",
    "text_mention",
    "underline",
  ]);
});

test("MarkdownV2: two underscores are an underline where both would do; an escape parts them", () => {
  assert.deepEqual(marked("_a __b___"), ['italic "a "', 'italic "b"', 'underline "b"']);
  assert.deepEqual(marked("__a _b_\r__"), ['underline "a "', 'italic "b"', 'underline "b"']);
  assert.equal(refused("__a _b___"), "Can't find end of Italic entity at byte offset 8");
});

test("MarkdownV2: a backslash escapes any sign of ASCII and stays in front of others", () => {
  assert.equal(format("1\\.5 \\a \\\\ \\é \\", "MarkdownV2").text, "1.5 a \\ \\é \\");
  assert.deepEqual(marked("`\\`\\\\` `*`"), ['code "`\\"', 'code "*"']);
});

test("MarkdownV2: a reserved character without a backslash is refused", () => {
  for (const sign of "]()>#+-=|{}.!") {
    const reason = `Character '${sign}' is reserved and must be escaped with the preceding '\\'`;
    assert.equal(refused(`a${sign}`), reason);
    assert.equal(format(`a\\${sign}`, "MarkdownV2").text, `a${sign}`);
  }
});

test("MarkdownV2: a pre may have a language and loses one line break", () => {
  assert.deepEqual(marked("```ts\nlet x = 1;\n```"), ['pre "let x = 1;" ts']);
  assert.deepEqual(marked("```\r\n\nx```"), ['pre "\nx"']);
  assert.deepEqual(marked("```ts```"), ['pre "ts"']);
  assert.deepEqual(marked("```ts x```"), ['pre " x" ts']);
  assert.deepEqual(marked("``````"), []);
});

test("MarkdownV2: quotations begin at the beginning of a line and go on to the next that does not", () => {
  assert.deepEqual(marked(">one\n>two\nthree"), ['blockquote "one\ntwo\n"']);
  assert.deepEqual(marked("a\n\r>b"), ['blockquote "b"']);
  assert.deepEqual(marked(">one\n**>two"), ['blockquote "one\n"', 'blockquote "two"']);
  assert.deepEqual(marked(">*one\n>two*\nthree"), ['blockquote "one\ntwo\n"', 'bold "one\ntwo"']);
  assert.deepEqual(marked("*a\n>b\nc*"), ['bold "a\n"', 'blockquote "b\n"', 'bold "b\n"', 'bold "c"']);
  assert.deepEqual(marked(">`a\nb`\nc"), ['blockquote "a\nb\n"', 'code "a\nb"']);
  assert.equal(refused(">*a\nb*"), "Can't find end of Bold entity at byte offset 1");
});

test("MarkdownV2: a spoiler mark at the end of a quotation makes it expandable", () => {
  assert.deepEqual(marked(">a\n>b||\nc"), ['expandable_blockquote "a\nb\n"']);
  assert.deepEqual(marked(">a||b||||\r\nc"), ['expandable_blockquote "ab\n"', 'spoiler "b"']);
  assert.deepEqual(marked(">a||b||\nc"), ['blockquote "ab\n"', 'spoiler "b"']);
  assert.deepEqual(marked(">a||"), ['expandable_blockquote "a"']);
  assert.deepEqual(marked(">||"), []);
  assert.equal(refused(">||a\nb"), "Can't find end of Spoiler entity at byte offset 1");
  assert.equal(refused(">*a||\nb"), "Can't find end of Bold entity at byte offset 1");
});

test("MarkdownV2: a link without an address has its text for one; escapes work in addresses", () => {
  assert.deepEqual(marked("[x\\.org] [y](z\\.org/\\(1\\)\\\\)"), [
    'text_link "x.org" http://x.org/',
    'text_link "y" http://z.org/(1)\\',
  ]);
  assert.deepEqual(marked("[x](nothing) [](x.org)"), []);
  assert.deepEqual(marked("[x](tg://user?id=9)"), ['text_mention "x" {"id":9}']);
  assert.equal(refused("é[x](y\\)"), "Can't find end of a URL at byte offset 6");
});

test("MarkdownV2: a custom emoji or a date has its own address", () => {
  assert.deepEqual(marked("![👍](TG:emoji/?x=1&id=25#y)"), ['custom_emoji "👍" 25']);
  assert.deepEqual(marked("![now](tg://time?unix=25&format=Wt)"), ['date_time "now" 25 wt']);
  assert.equal(refused("![x]"), "The entity must contain a tg://emoji or tg://time URL");
  for (const url of [
    "https://x.org",
    "tg://emoji?id=0",
    "tg://emoji?id=1.5",
    "tg://time?unix=0",
    "tg://time?unix=1&format=x",
  ]) {
    assert.equal(refused(`![x](${url})`), "Invalid tg://emoji or tg://time URL specified", url);
  }
});

test("MarkdownV2: an entity that is left open is named, with its place in bytes", () => {
  const broken: Record<string, string> = {
    "é *b": "Bold entity at byte offset 3",
    _i: "Italic entity at byte offset 0",
    __: "Underline entity at byte offset 0",
    "~s": "Strikethrough entity at byte offset 0",
    "||s|": "Character '|' is reserved and must be escaped with the preceding '\\'",
    "||s": "Spoiler entity at byte offset 0",
    "`c*": "Code entity at byte offset 0",
    "```c": "Pre entity at byte offset 0",
    "```c ": "PreCode entity at byte offset 0",
    "```c`": "Code entity at byte offset 4",
    "[l": "TextUrl entity at byte offset 0",
    "![l": "CustomEmoji entity at byte offset 0",
    ">a\n>_b": "Italic entity at byte offset 4",
    "*_b*_": "Italic entity at byte offset 4",
  };
  for (const [source, place] of Object.entries(broken)) {
    assert.equal(refused(source), place.startsWith("Character") ? place : `Can't find end of ${place}`, source);
  }
});
