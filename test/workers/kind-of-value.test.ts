import assert from "node:assert/strict";
import { test } from "node:test";
import { kindOfValue } from "../../workers/kind-of-value.ts";

test("a value is named by its kind", () => {
  class Bot {}
  const names: [unknown, string][] = [
    [null, "null"],
    [undefined, "undefined"],
    [[1], "an array"],
    ["x".repeat(50), `the string "${"x".repeat(40)}"`],
    [5, "a number"],
    [true, "a boolean"],
    [{}, "an Object"],
    [Object.create(null), "an object"],
    [new Bot(), "a Bot"],
    [new (class {})(), "an object"],
    [() => {}, "a function"],
  ];
  for (const [value, name] of names) assert.equal(kindOfValue(value), name);
});
