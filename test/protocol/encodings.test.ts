import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { encodingsOf } from "../../src/protocol/encodings.ts";
import { secretHider } from "../../src/protocol/secrets.ts";

const SECRET = "AAE-abcdefghijklmnopqrstuvwxyz_0123";

/** The secret half of a token: https://core.telegram.org/bots/api#authorizing-your-bot */
const secret = fc.stringMatching(/^[\w-]{35}$/);

/** Few secrets and many texts: the pattern of a secret takes its time to compile. */
const hiders = fc.constantFrom(
  ...fc.sample(secret, 5).map((secret) => ({ secret, hide: secretHider({ token: `123456789:${secret}` }) })),
);

const hex = (character: string) => character.charCodeAt(0).toString(16).padStart(2, "0");
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** What may stand around a secret. Letters and digits could be a part of it. */
const around = fc.stringMatching(/^[ -/:-@[-`{-~]{0,9}$/);

/** Encodes each character, or leaves it. */
function mixed(encode: (character: string) => string): fc.Arbitrary<(text: string) => string> {
  return fc
    .infiniteStream(fc.boolean())
    .map((choices) => (text) => [...text].map((one) => (choices.next().value ? encode(one) : one)).join(""));
}

const ENCODINGS: { readonly [name: string]: fc.Arbitrary<(text: string) => string> } = {
  "as it is": fc.constant((text) => text),
  "percent-encoded": mixed((one) => `%${hex(one)}`),
  "percent-encoded in capitals": mixed((one) => `%${hex(one).toUpperCase()}`),
  "percent-encoded more than once": mixed((one) => `%2525${hex(one)}`),
  "escaped as in JSON": mixed((one) => `\\u00${hex(one)}`),
  "escaped as in JSON within JSON": mixed((one) => `\\\\u00${hex(one)}`),
  "escaped as in code": mixed((one) => `\\x${hex(one)}`),
  "in hexadecimal": fc.constantFrom("", " ").map((gap) => (text) => [...text].map(hex).join(gap)),
  "split over lines": fc
    .tuple(
      fc.integer({ min: 1, max: 34 }),
      fc.constantFrom("\n", "\r\n    ", "\\n", "\\\\n", '" +\n  "', "', '", '","'),
    )
    .map(
      ([at, gap]) =>
        (text) =>
          text.slice(0, at) + gap + text.slice(at),
    ),
};

describe("a secret is hidden", () => {
  for (const [name, encoding] of Object.entries(ENCODINGS)) {
    test(`a secret is hidden ${name}, and the rest of the text stays`, () => {
      fc.assert(
        fc.property(hiders, encoding, around, around, ({ secret, hide }, encode, before, after) => {
          const text = `${before} ${encode(secret)} ${after}`;
          assert.equal(hide(text), `${hide(`${before} `)}<token>${hide(` ${after}`)}`);
        }),
      );
    });
  }

  test("a secret is hidden in the Base64 of a longer text, also in that for URLs", () => {
    const texts = fc.string({ maxLength: 20 });
    const forms = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => Buffer.from(text, "base64").toString("base64url"),
      (text) => encodeURIComponent(text),
    );
    fc.assert(
      fc.property(hiders, texts, texts, forms, ({ secret, hide }, before, after, form) => {
        const hidden = hide(form(base64(`${before}${secret}${after}`)));
        assert.match(hidden, /<token>/);
        const rest = hidden.split("<token>").map((part) => Buffer.from(decodeURIComponent(part), "base64"));
        // The characters at its ends, which share a character of Base64 with other text, may stay.
        for (const part of rest) assert.ok(!part.includes(secret.slice(2, -2)));
        assert.ok(!hidden.includes(base64(secret).slice(4, 40)));
      }),
    );
  });
});

test("a line of JSON stays JSON, however often it holds a secret in JSON", () => {
  const hide = secretHider({ token: `123456789:${SECRET}` });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 }),
      mixed((one) => `\\u00${hex(one)}`),
      fc.string(),
      (depth, encode, other) => {
        let value: unknown = { other, secret: `"${SECRET}"\\`, split: `${SECRET.slice(0, 9)}"\n"${SECRET.slice(9)}` };
        for (let i = 0; i < depth; i++) value = { text: JSON.stringify(value).replace(SECRET, encode(SECRET)) };
        const line = hide(JSON.stringify(value));
        JSON.parse(line);
        assert.doesNotMatch(line, /AAE-|wxyz/);
      },
    ),
  );
});

test("a pattern takes no time with texts that only resemble a secret", () => {
  const patterns = new RegExp(encodingsOf(SECRET).join("|"), "gi");
  for (const text of [
    "A\\".repeat(50_000),
    `${"A".repeat(50_000)}\\`,
    '"+\n'.repeat(30_000),
    `A${"\\".repeat(100_000)}`,
  ]) {
    assert.equal(text.replaceAll(patterns, ""), text);
  }
});
