import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { escaped, UNPRINTABLE } from "../../src/protocol/unprintable.ts";
import { anyText } from "../any-text.ts";

test("control characters, line separators and changes of direction are shown as \\uXXXX", () => {
  assert.equal(escaped("\u001b[2J\u009b2J\0\u2028"), "\\u001b[2J\\u009b2J\\u0000\\u2028");
  assert.equal(escaped("user\u202egnp.exe\u2066\u200f"), "user\\u202egnp.exe\\u2066\\u200f");
  assert.equal(escaped("Привет 👩‍👩‍👧 日本 e\u0301"), "Привет 👩‍👩‍👧 日本 e\u0301");
  assert.equal(escaped("a\n\tb", "\n"), "a\n\\u0009b");
});

test("escaped JSON keeps its value, and holds no unprintable character", () => {
  fc.assert(
    fc.property(anyText(), (text) => {
      const written = escaped(JSON.stringify(text));
      assert.equal(JSON.parse(written), text);
      assert.equal(written.search(UNPRINTABLE), -1);
    }),
  );
});
