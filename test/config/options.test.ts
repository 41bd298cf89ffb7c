import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultOf, environmentOf, flagOf, isOptionKey, OPTION_KEYS, optionAt } from "../../src/config/options.ts";
import { readValue } from "../../src/config/value.ts";

test("the key of an option makes its flag and its environment variable", () => {
  assert.equal(flagOf("maxAttempts"), "max-attempts");
  assert.equal(environmentOf("maxAttempts"), "ASGIGRAM_MAX_ATTEMPTS");
  assert.equal(flagOf("inbox"), "inbox");
  assert.equal(environmentOf("inbox"), "ASGIGRAM_INBOX");
});

test("no two options share a name", () => {
  assert.equal(new Set(OPTION_KEYS.map(flagOf)).size, OPTION_KEYS.length);
  const letters = OPTION_KEYS.map((key) => optionAt(key).alias).filter((alias) => alias !== undefined);
  assert.deepEqual(letters.toSorted(), [...new Set(letters)].toSorted());
  assert(!letters.includes("h"), "-h is help");
});

test("every default is a valid value", () => {
  for (const key of OPTION_KEYS) {
    const option = optionAt(key);
    if (option.default !== undefined) assert.deepEqual(readValue(option, option.default, key, "/"), option.default);
  }
});

test("every example is a valid value other than the default", () => {
  for (const key of OPTION_KEYS) {
    const option = optionAt(key);
    if (option.example === undefined) continue;
    assert.deepEqual(readValue(option, option.example, key, "/"), option.example);
    assert.notDeepEqual(option.example, option.default, key);
  }
});

test("every help text is one line without a full stop", () => {
  for (const key of OPTION_KEYS) assert.match(optionAt(key).help, /^[^\n]+[^.\n]$/, key);
});

test("an inherited property of objects is no option", () => {
  assert(isOptionKey("workers"));
  assert(!isOptionKey("constructor"));
  assert(!isOptionKey("__proto__"));
});

test("a default has words", () => {
  assert.equal(defaultOf({ default: 3 }), "3");
  assert.equal(defaultOf({ default: false }), "off");
  assert.equal(defaultOf({ default: 2, defaultText: "one per CPU core" }), "one per CPU core");
  assert.equal(defaultOf({}), undefined);
});
