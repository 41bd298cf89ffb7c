import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { quote, withoutSecrets } from "../../src/config/quote.ts";

test("text is quoted, other values are shown as in source code", () => {
  assert.equal(quote("4x"), '"4x"');
  assert.equal(quote(0.5), "0.5");
  assert.equal(quote({ a: [1] }), "{ a: [ 1 ] }");
  assert.equal(quote(undefined), "undefined");
});

test("any value is shown as one short line of printable text", () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const shown = quote(value);
      assert(shown.length <= 80);
      assert.doesNotMatch(shown, /\p{Cc}/u);
    }),
  );
});

test("a token is not shown in any place", () => {
  const token = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_0123";
  for (const value of [
    token,
    encodeURIComponent(token),
    encodeURIComponent(token).toLowerCase(),
    encodeURIComponent(encodeURIComponent(token)),
    `/run/${encodeURIComponent(token)}`,
    `https://api.telegram.org/bot${token}/`,
    { token },
    [`x ${token} x`],
    "y".repeat(70) + token,
  ]) {
    assert.doesNotMatch(quote(value), /AAE/i);
  }
});

test("a password in an address is not shown, a port is", () => {
  assert.equal(withoutSecrets("http://me:secret@localhost:8081/x"), "http://<credentials>@localhost:8081/x");
  // Passwords of this kind make an address that cannot be parsed, and is quoted for that.
  for (const password of ["ab/cd==", "12/cd", "a@b"]) {
    assert.equal(quote(`http://me:${password}@proxy:3128`), '"http://<credentials>@proxy:3128"');
  }
});
