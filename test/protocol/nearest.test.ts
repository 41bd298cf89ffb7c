import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nearest } from "../../src/protocol/nearest.ts";

const OPTIONS = ["workers", "inbox", "token-file", "max-attempts", "max-applications"];

test("a letter too many, too few, wrong or swapped still finds the word", () => {
  for (const typed of ["worker", "workerss", "workars", "wrokers", "WORKERS"]) {
    assert.equal(nearest(typed, OPTIONS), "workers");
  }
});

test("the beginning of a word finds the word", () => {
  assert.equal(nearest("token", OPTIONS), "token-file");
  assert.equal(nearest("token", ["tokens", "token"]), "token");
});

test("the closest of several wins", () => {
  assert.equal(nearest("max-atempts", OPTIONS), "max-attempts");
});

test("a word that resembles none finds none", () => {
  assert.equal(nearest("certificate", OPTIONS), undefined);
  assert.equal(nearest("", OPTIONS), undefined);
  assert.equal(nearest("workers", []), undefined);
});

test("every word finds itself, whatever else there is", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (words) => {
      const word = words.at(-1)!;
      assert.equal(nearest(word, words)?.toLowerCase(), word.toLowerCase());
    }),
  );
});
