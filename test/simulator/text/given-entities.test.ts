/** The cases follow `get_text_entity` in Client.cpp, `fix_formatted_text` and what it calls in td's MessageEntity.cpp. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { format } from "../../../simulator/text/format.ts";
import { marked, refusalOf } from "./shown.ts";

type Given = [type: string, offset: number, length: number, details?: object];

const entitiesOf = (given: readonly Given[]) =>
  given.map(([type, offset, length, details]) => ({ type, offset, length, ...details }));
const kept = (text: string, ...given: Given[]) => marked(text, undefined, entitiesOf(given));
const refused = (text: string, ...given: Given[]) => refusalOf(() => format(text, undefined, entitiesOf(given)));

test("given entities: styles of one type that overlap or touch are joined", () => {
  assert.deepEqual(kept("abc", ["italic", 1, 1], ["italic", 0, 1]), ['italic "ab"']);
  assert.deepEqual(kept("abc", ["italic", 0, 2], ["italic", 1, 2]), ['italic "abc"']);
  assert.deepEqual(kept("abc", ["italic", 0, 1], ["italic", 2, 1]), ['italic "a"', 'italic "c"']);
});

test("given entities: a style is split where another style begins", () => {
  assert.deepEqual(kept("abc", ["italic", 0, 2], ["bold", 1, 2]), ['italic "a"', 'bold "bc"', 'italic "b"']);
  assert.deepEqual(kept("ab", ["underline", 0, 2], ["spoiler", 0, 1]), ['underline "ab"', 'spoiler "a"']);
  assert.deepEqual(kept("a", ["spoiler", 0, 1], ["bold", 0, 1]), ['bold "a"', 'spoiler "a"']);
});

test("given entities: a style is split at the edges of links and taken out of code", () => {
  assert.deepEqual(kept("abc", ["bold", 0, 3], ["text_link", 1, 1, { url: "x.org" }]), [
    'bold "a"',
    'text_link "b" http://x.org/',
    'bold "b"',
    'bold "c"',
  ]);
  for (const type of ["code", "pre"]) {
    assert.deepEqual(kept("abc", ["bold", 0, 3], [type, 1, 1]), ['bold "a"', `${type} "b"`, 'bold "c"']);
    assert.deepEqual(kept("abc", ["bold", 1, 1], [type, 0, 3]), [`${type} "abc"`]);
  }
});

test("given entities: of two links, codes or quotations that overlap the first one stays", () => {
  const link = { url: "x.org" };
  assert.deepEqual(kept("abcd", ["code", 1, 3], ["text_link", 0, 2, link]), ['text_link "ab" http://x.org/']);
  assert.deepEqual(kept("abcd", ["pre", 0, 2], ["code", 0, 3]), ['code "abc"']);
  assert.deepEqual(kept("abcd", ["blockquote", 0, 2], ["expandable_blockquote", 1, 2]), ['blockquote "ab"']);
});

test("given entities: a quotation may hold links and code, but not cross or lie in them", () => {
  assert.deepEqual(kept("abc", ["blockquote", 0, 3], ["pre", 1, 1]), ['blockquote "abc"', 'pre "b"']);
  assert.deepEqual(kept("abc", ["blockquote", 1, 1], ["pre", 0, 3]), ['blockquote "b"']);
  assert.deepEqual(kept("abc", ["blockquote", 0, 2], ["code", 1, 2]), ['blockquote "ab"']);
});

test("found entities yield to given links and code, and not to styles", () => {
  assert.deepEqual(kept("@some_bot", ["code", 0, 2]), ['code "@s"']);
  assert.deepEqual(kept("@some_bot", ["blockquote", 0, 2]), ['blockquote "@s"']);
  assert.deepEqual(kept("@some_bot", ["blockquote", 0, 9]), ['blockquote "@some_bot"', 'mention "@some_bot"']);
  assert.deepEqual(kept("@some_bot x", ["bold", 0, 11]), ['mention "@some_bot"', 'bold "@some_bot"', 'bold " x"']);
});

test("given entities: Telegram finds mentions, hashtags and their like by itself; empty entities go", () => {
  assert.deepEqual(kept("plain", ["mention", 0, 5], ["url", 0, 5], ["phone_number", 0, 5], ["bold", 2, 0]), []);
});

test("given entities: links and dates are given in full", () => {
  assert.deepEqual(kept("a", ["text_link", 0, 1, { url: "tg:user?id=5" }]), ['text_mention "a" {"id":5}']);
  assert.deepEqual(kept("a", ["text_mention", 0, 1, { user: { id: "5", first_name: "x" } }]), [
    'text_mention "a" {"id":5}',
  ]);
  assert.deepEqual(kept("a", ["date_time", 0, 1, { unix_time: 5, date_time_format: "TD" }]), ['date_time "a" 5 DT']);
  assert.deepEqual(kept("a", ["custom_emoji", 0, 1, { custom_emoji_id: "5368324170671202286" }]), [
    'custom_emoji "a" 5368324170671202286',
  ]);
  assert.deepEqual(kept("a", ["pre", 0, 1, { language: "ts" }]), ['pre "a" ts']);
});

test("given entities: those beyond 100 go, styles first; found ones and custom emoji do not count", () => {
  const every = (type: string, details: object = {}) =>
    Array.from({ length: 101 }, (_, at): Given => [type, 2 * at, 1, details]);
  const text = "a ".repeat(200);
  assert.deepEqual(kept(text, ...every("bold")), Array(100).fill('bold "a"'));
  assert.equal(kept(text, ...every("custom_emoji", { custom_emoji_id: "1" })).length, 101);
  const codes = every("code").slice(1);
  assert.deepEqual(kept(text, ["bold", 0, 1], ...codes), Array(100).fill('code "a"'));
  const tags = "#a ".repeat(60);
  assert.equal(kept(tags, ["bold", 0, tags.length - 1]).length, 60 + 60 + 59);
});

test("given entities: a wrong one is refused", () => {
  const shape = "can't parse MessageEntity: ";
  assert.equal(
    refusalOf(() => format("a", undefined, ["bold"])),
    `${shape}expected an Object`,
  );
  assert.equal(
    refusalOf(() => format("a", undefined, [{ type: "bold", length: 1 }])),
    `${shape}Can't find field "offset"`,
  );
  assert.equal(refused("a", ["zap", 0, 1]), `${shape}Unsupported type specified`);
  assert.equal(refused("a", ["toString", 0, 1]), `${shape}Unsupported type specified`);
  assert.equal(refused("a", ["text_link", 0, 1]), `${shape}Can't find field "url"`);
  assert.equal(refused("a", ["text_link", 0, 1, { url: "x" }]), "entity URL 'x' is invalid: Wrong HTTP URL");
  assert.equal(refused("a", ["bold", -1, 1]), "receive an entity with incorrect offset -1");
  assert.equal(refused("a", ["bold", 0, -1]), "receive an entity with incorrect length -1");
  assert.equal(
    refused("a", ["custom_emoji", 0, 1, { custom_emoji_id: "0" }]),
    "invalid custom emoji identifier specified",
  );
  assert.equal(refused("a", ["date_time", 0, 1, { unix_time: 0 }]), "invalid date specified");
  assert.equal(
    refused("a", ["date_time", 0, 1, { unix_time: 1, date_time_format: "x" }]),
    `${shape}Invalid date-time format specified`,
  );
});

test("given entities: the text must have their place, whole characters", () => {
  assert.equal(refused("ab", ["bold", 3, 1]), "entity begins after the end of the text at UTF-16 offset 3");
  assert.equal(
    refused("ab", ["bold", 1, 2]),
    "entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 3",
  );
  assert.equal(refused("é😀", ["bold", 2, 1]), "entity begins in a middle of a UTF-16 symbol at byte offset 6");
  assert.equal(
    refused("é😀", ["bold", 0, 2]),
    "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 6",
  );
});
