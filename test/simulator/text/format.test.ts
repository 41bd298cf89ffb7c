import assert from "node:assert/strict";
import { test } from "node:test";
import type { MessageEntity } from "@grammyjs/types";
import { format, isLonger } from "../../../simulator/text/format.ts";

/** `bold "text"`, one for each entity. */
function marked(source: string, parse_mode?: string): string[] {
  const { text, entities } = format(source, parse_mode);
  return entities.map((entity) => `${entity.type} ${text.slice(entity.offset, entity.offset + entity.length)}`);
}

const refusal = (description: string) => ({ error_code: 400, description: `Bad Request: ${description}` });

test("HTML: tags and nested tags become entities and leave the text", () => {
  const { text, entities } = format("<b>bold <i>both</i></b> &lt;plain&gt; &amp; &#128512;", "HTML");
  assert.equal(text, "bold both <plain> & 😀");
  assert.deepEqual(entities, [
    { type: "bold", offset: 0, length: 9 },
    { type: "italic", offset: 5, length: 4 },
  ]);
});

test("HTML: links, mentions, spoilers, code and quotations become entities", () => {
  assert.deepEqual(format('<a href="https://x.org/?a=1&amp;b=2">x</a>', "html").entities, [
    { type: "text_link", offset: 0, length: 1, url: "https://x.org/?a=1&b=2" },
  ]);
  assert.equal(format('<a href="tg://user?id=5">x</a>', "HTML").entities[0]?.type, "text_mention");
  assert.deepEqual(format('<pre><code class="language-ts">let x</code></pre>', "HTML").entities, [
    { type: "pre", offset: 0, length: 5, language: "ts" },
  ]);
  assert.deepEqual(
    marked('<span class="tg-spoiler">s</span><blockquote expandable>q</blockquote><code>@name</code>', "HTML"),
    ["spoiler s", "expandable_blockquote q", "code @name"],
  );
});

test("HTML: broken markup is refused in Telegram's words", () => {
  const broken: [string, string][] = [
    ["é<foo>x</foo>", `Unsupported start tag "foo" at byte offset 2`],
    ["<b>x", `Can't find end tag corresponding to start tag "b"`],
    ["<b>x</i>", `Unmatched end tag at byte offset 4, expected "</b>", found "</i>"`],
    ["x</b>", "Unexpected end tag at byte offset 1"],
  ];
  for (const [source, reason] of broken) {
    assert.throws(() => format(source, "HTML"), refusal(`can't parse entities: ${reason}`), source);
  }
});

test("MarkdownV2: markers, links, code and quotations become entities, escapes become text", () => {
  assert.equal(format("*a* 1\\.5", "MarkdownV2").text, "a 1.5");
  assert.deepEqual(marked("*b _i_* __u__ ~s~ ||p|| `c*` [l](https://x.org)", "MarkdownV2"), [
    "bold b i",
    "italic i",
    "underline u",
    "strikethrough s",
    "spoiler p",
    "code c*",
    "text_link l",
  ]);
  const pre = format("```ts\nlet x = 1;\n```", "MarkdownV2");
  assert.deepEqual(pre.entities[0], { type: "pre", offset: 0, length: 10, language: "ts" });
  assert.deepEqual(marked(">one\n>two\nthree", "MarkdownV2"), ["blockquote one\ntwo\n"]);
});

test("MarkdownV2: an unescaped reserved character is refused", () => {
  const dot = "can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'";
  assert.throws(() => format("1.5", "MarkdownV2"), refusal(dot));
  const open = "can't parse entities: Can't find end of the entity starting at byte offset 2";
  assert.throws(() => format("a *b", "MarkdownV2"), refusal(open));
});

test("Markdown: the legacy style accepts unescaped characters", () => {
  assert.deepEqual(marked("*b* _i_ `c` [l](https://x.org) 1.5!", "Markdown"), [
    "bold b",
    "italic i",
    "code c",
    "text_link l",
  ]);
});

test("an unknown parse mode is refused", () => {
  assert.throws(() => format("x", "BBCode"), refusal("unsupported parse_mode"));
});

test("plain text: commands, mentions, tags and links are found", () => {
  const text = "/start@some_bot hi @durov_x #tag $USD a@b.org https://x.org/a?b. see x.org, not 1/2 or a/b";
  assert.deepEqual(marked(text), [
    "bot_command /start@some_bot",
    "mention @durov_x",
    "hashtag #tag",
    "cashtag $USD",
    "email a@b.org",
    "url https://x.org/a?b",
    "url x.org",
  ]);
  assert.deepEqual(marked("nothing here"), []);
});

test("white space around the text is removed, and given entities shift", () => {
  const entities: MessageEntity[] = [{ type: "bold", offset: 2, length: 4 }];
  assert.deepEqual(format("  bold  ", undefined, entities), {
    text: "bold",
    entities: [{ type: "bold", offset: 0, length: 4 }],
  });
});

test("length is counted in characters", () => {
  assert.equal(isLonger("😀".repeat(10), 10), false);
  assert.equal(isLonger("😀".repeat(11), 10), true);
});
