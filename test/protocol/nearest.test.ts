import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nearest } from "../../src/protocol/nearest.ts";

const OPTIONS = ["workers", "inbox", "token-file", "max-attempts", "max-applications"];

test("a word with an extra, missing, wrong or swapped letter is found", () => {
  for (const typed of ["worker", "workerss", "workars", "wrokers", "WORKERS"]) {
    assert.equal(nearest(typed, OPTIONS), "workers");
  }
});

test("a word is found by its beginning", () => {
  assert.equal(nearest("token", OPTIONS), "token-file");
  assert.equal(nearest("token", ["tokens", "token"]), "token");
});

test("the closest of several words is found", () => {
  assert.equal(nearest("max-atempts", OPTIONS), "max-attempts");
});

test("nothing is found for a word that resembles none", () => {
  assert.equal(nearest("certificate", OPTIONS), undefined);
  assert.equal(nearest("", OPTIONS), undefined);
  assert.equal(nearest("workers", []), undefined);
});

test("every word finds itself among any others", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (words) => {
      const word = words.at(-1)!;
      assert.equal(nearest(word, words)?.toLowerCase(), word.toLowerCase());
    }),
  );
});
