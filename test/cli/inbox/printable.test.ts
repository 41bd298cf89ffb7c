import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cut, json, printable, widthOf } from "../../../src/cli/inbox/printable.ts";
import { anyText } from "../../any-text.ts";

const DANGEROUS = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

/** Harmful and harmless text. */
const text = fc
  .array(
    fc.oneof(
      anyText(),
      fc.constantFrom(
        "\u001b[31m",
        "\u001b]0;title\u0007",
        "\u009b2J",
        "\u202e",
        "\r",
        "\n",
        "\t",
        "日本",
        "👩‍👩‍👧",
        "e\u0301",
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""));

test("colours, titles, cursor movements and changes of direction are removed, lines and indents are kept", () => {
  assert.equal(printable("\u001b[31mred\u001b[0m \u001b]0;title\u0007and\u009b2J plain"), "red and plain");
  assert.equal(printable("a\r\n\tb\rc\u2028d\0"), "a\n  b\nc\nd");
  assert.equal(printable("user\u202egnp.exe\u2066"), "usergnp.exe");
  assert.equal(printable("Привет 👩‍👩‍👧 日本"), "Привет 👩‍👩‍👧 日本");
});

test("printable text moves the cursor only by line breaks", () => {
  fc.assert(fc.property(text, (text) => assert.doesNotMatch(printable(text).replaceAll("\n", ""), DANGEROUS)));
});

/**
 * Once JSON.parse of Node.js 26 has met an object whose second key, say, is a backslash, it takes the second key "\n" of an object
 * with the same first key for a backslash, too.
 */
const hasBackslashKey = (value: unknown): boolean => JSON.stringify(value).includes('"\\\\":');

test("JSON keeps its value, without a dangerous character", () => {
  fc.assert(
    fc.property(
      fc.oneof(text, fc.jsonValue(), fc.dictionary(text, text)).filter((value) => !hasBackslashKey(value)),
      fc.constantFrom(undefined, 2),
      (value, indent) => {
        const written = json(value, indent);
        assert.deepEqual(JSON.parse(written), JSON.parse(JSON.stringify(value)));
        assert.doesNotMatch(indent === undefined ? written : written.replaceAll("\n", ""), DANGEROUS);
      },
    ),
  );
});

test("East Asian characters and emoji are two columns wide, accents none", () => {
  for (const [text, columns] of Object.entries({
    abc: 3,
    Прив: 4,
    日本: 4,
    "😀": 2,
    "👩‍👩‍👧": 2,
    "e\u0301": 1,
    "": 0,
  })) {
    assert.equal(widthOf(text), columns, text);
  }
});

test("text is cut at whole characters, and fits", () => {
  assert.equal(cut("abcdef", 6), "abcdef");
  assert.equal(cut("abcdef", 5), "abcd…");
  assert.equal(cut("日本語", 4), "日…");
  assert.equal(cut("👩‍👩‍👧👩‍👩‍👧", 3), "👩‍👩‍👧…");
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 20 }), (text, columns) =>
      assert(widthOf(cut(text, columns)) <= columns),
    ),
  );
});
