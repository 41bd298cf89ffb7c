/** The cases follow `parse_html` in td's MessageEntity.cpp. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { format } from "../../../simulator/text/format.ts";
import { marked as markedWith, refusalOf } from "./shown.ts";

const marked = (source: string) => markedWith(source, "HTML");
const refused = (source: string) => refusalOf(() => format(source, "HTML"));

test("HTML: tags and nested tags become entities and leave the text", () => {
  const { text, entities } = format("<b>bold <i>both</i></b> &lt;plain&gt; &amp; &#128512;", "HTML");
  assert.equal(text, "bold both <plain> & 😀");
  assert.deepEqual(entities, [
    { type: "bold", offset: 0, length: 5 },
    { type: "bold", offset: 5, length: 4 },
    { type: "italic", offset: 5, length: 4 },
  ]);
});

test("HTML: every tag has its entity", () => {
  const tags = {
    bold: ["b", "strong"],
    italic: ["i", "em"],
    underline: ["u", "ins"],
    strikethrough: ["s", "strike", "del"],
    spoiler: ["tg-spoiler"],
    code: ["code"],
    pre: ["pre"],
    blockquote: ["blockquote"],
  };
  for (const [type, names] of Object.entries(tags)) {
    for (const name of names) assert.deepEqual(marked(`<${name}>x</${name.toUpperCase()}>`), [`${type} "x"`], name);
  }
  assert.deepEqual(marked('<span class="tg-spoiler">s</span><blockquote expandable>q</blockquote>'), [
    'spoiler "s"',
    'expandable_blockquote "q"',
  ]);
  assert.deepEqual(marked("<blockquote cite='x' expandable=no>q</blockquote>"), ['expandable_blockquote "q"']);
});

test("HTML: offsets count UTF-16 code units", () => {
  assert.deepEqual(format("😀é<b>😀</b>", "HTML").entities, [{ type: "bold", offset: 3, length: 2 }]);
});

test("HTML: a link is given in full, without an address the text is it, and a wrong one is no entity", () => {
  assert.deepEqual(marked('<a href="X.org/?a=1&amp;b=2">x</a>'), ['text_link "x" http://x.org/?a=1&b=2']);
  assert.deepEqual(marked("<a href = 'https://x.org#y'>x</a>"), ['text_link "x" https://x.org/#y']);
  assert.deepEqual(marked("<a href=x.org>x</a>"), ['text_link "x" http://x.org/']);
  assert.deepEqual(marked("<a>https://x.org/y</a>"), ['text_link "https://x.org/y" https://x.org/y']);
  assert.deepEqual(marked("<a href='x'>x</a> <a href='x y.org'>x</a> <a href='ftp://x.org'>x</a>"), []);
  assert.deepEqual(marked("<a href='tg://resolve?domain=x'>x</a>"), ['text_link "x" tg://resolve?domain=x']);
});

test("HTML: a link to a user is a mention", () => {
  for (const href of ["tg://user?id=5", "tg:user?id=5", "TG://USER/?x=1&id=5#id=6"]) {
    assert.deepEqual(marked(`<a href="${href}">x</a>`), ['text_mention "x" {"id":5}'], href);
  }
  for (const href of ["tg://user?id=05", "tg://user?id=0", "tg://users?id=5"]) {
    assert.ok(!marked(`<a href="${href}">x</a>`).join().includes("text_mention"), href);
  }
});

test("HTML: pre and code at one place, in either order, are a pre with a language", () => {
  assert.deepEqual(marked('<pre><code class="language-ts">let x</code></pre>'), ['pre "let x" ts']);
  assert.deepEqual(marked('<code class="language-ts"><pre>let x</pre></code>'), ['pre "let x" ts']);
  assert.deepEqual(marked('<pre>a <code class="language-ts">let x</code></pre>'), ['pre "a let x"']);
  assert.deepEqual(marked('<code class="language-ts">x</code>'), ['code "x"']);
});

test("HTML: custom emoji and dates", () => {
  assert.deepEqual(marked('<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>'), [
    'custom_emoji "👍" 5368324170671202286',
  ]);
  assert.deepEqual(marked('<tg-time unix="1700000000" format="TtdW">then</tg-time>'), [
    'date_time "then" 1700000000 wdt',
  ]);
  assert.deepEqual(marked('<tg-time unix="1700000000" format="R">then</tg-time>'), ['date_time "then" 1700000000 r']);
  assert.deepEqual(marked('<tg-time unix="-1">then</tg-time>'), []);
  assert.equal(refused('<tg-emoji emoji-id="0">x</tg-emoji>'), "Invalid custom emoji identifier specified");
  assert.equal(refused('<tg-time unix="1" format="x">x</tg-time>'), "Invalid date format used");
});

test("HTML: four named references and all numeric ones are decoded, with or without a semicolon", () => {
  const decoded = {
    "&lt;&gt;&amp;&quot;": '<>&"',
    "&lt&#65;&#x42;&#67x": "<ABCx",
    "&nbsp;&LT;&apos;": "&nbsp;&LT;&apos;",
    "&#0;&#X41;&#x110000;&#00000000065;": "&#0;&#X41;&#x110000;&#00000000065;",
    "&constructor;": "&constructor;",
  };
  for (const [source, text] of Object.entries(decoded)) assert.equal(format(source, "HTML").text, text);
  assert.equal(
    refused("&#xd800;"),
    "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units",
  );
});

test("HTML: attributes may be unknown, and end tags nameless or spaced", () => {
  assert.deepEqual(marked(`<b x y=Z.9- z="'>" w='">'>a</>`), ['bold "a"']);
  assert.deepEqual(marked("<b>a</b  >"), ['bold "a"']);
  assert.deepEqual(marked("<b></b>"), []);
});

test("HTML: broken markup is refused in Telegram's words, with the place in bytes", () => {
  const broken: Record<string, string> = {
    "é<foo>x</foo>": 'Unsupported start tag "foo" at byte offset 2',
    "é<>": 'Unsupported start tag "" at byte offset 2',
    "a <": "Unclosed start tag at byte offset 2",
    "a <b": "Unclosed start tag at byte offset 2",
    "<b ": 'Empty attribute name in the tag "b" at byte offset 0',
    "<b =x>": 'Empty attribute name in the tag "b" at byte offset 0',
    "<a href='x'/>": 'Empty attribute name in the tag "a" at byte offset 0',
    "<b x": 'Unclosed start tag "b" at byte offset 0',
    "<b x = ": 'Unclosed start tag "b" at byte offset 0',
    "<b x=y": "Unclosed start tag at byte offset 0",
    "<b x='y>": "Unclosed start tag at byte offset 0",
    "<b x=y/z>": "Unexpected end of name token at byte offset 5",
    "<span>x</span>": 'Tag "span" must have class "tg-spoiler" at byte offset 0',
    "<b>x": `Can't find end tag corresponding to start tag "b"`,
    "<b><i>x</i>": `Can't find end tag corresponding to start tag "b"`,
    "<b>x</i>": 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"',
    "<b>x</b": "Unclosed end tag at byte offset 4",
    "<b>x</b y>": "Unclosed end tag at byte offset 4",
    "x</b>": "Unexpected end tag at byte offset 1",
    "x</": "Unexpected end tag at byte offset 1",
  };
  for (const [source, reason] of Object.entries(broken)) assert.equal(refused(source), reason, source);
});
