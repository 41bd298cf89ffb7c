/** The cases follow `parse_markdown` in td's MessageEntity.cpp. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { format } from "../../../simulator/text/format.ts";
import { marked as markedWith, refusalOf } from "./shown.ts";

const marked = (source: string) => markedWith(source, "Markdown");
const refused = (source: string) => refusalOf(() => format(source, "Markdown"));

test("Markdown: the legacy style accepts unescaped characters", () => {
  assert.deepEqual(marked("*b* _i_ `c` [l](https://x.org) 1.5!"), [
    'bold "b"',
    'italic "i"',
    'code "c"',
    'text_link "l" https://x.org/',
  ]);
});

test("Markdown: four signs are escaped, and inside an entity none is", () => {
  assert.equal(format("\\_\\*\\`\\[\\]\\.", "Markdown").text, "_*`[\\]\\.");
  assert.deepEqual(marked("*a\\*b"), ['bold "a\\"']);
  assert.deepEqual(marked("*a _b_*"), ['bold "a _b_"']);
});

test("Markdown: a pre may have a language", () => {
  assert.deepEqual(marked("```ts\nx `y```"), ['pre "x `y" ts']);
  assert.deepEqual(marked("```x```"), ['pre "x"']);
});

test("Markdown: a link may have no address, or one without an end", () => {
  assert.deepEqual(marked("[x.org] [y](z.org) [t](tg:user?id=3)"), [
    'text_link "x.org" http://x.org/',
    'text_link "y" http://z.org/',
    'text_mention "t" {"id":3}',
  ]);
  assert.deepEqual(marked("[y](z.org"), ['text_link "y" http://z.org/']);
});

test("Markdown: an entity that is left open is refused, with its place in bytes", () => {
  for (const source of ["é *b", "é _b", "é `b", "é ```b``", "é [b"]) {
    assert.equal(refused(source), "Can't find end of the entity starting at byte offset 3", source);
  }
});
