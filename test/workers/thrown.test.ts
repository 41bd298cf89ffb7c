import assert from "node:assert/strict";
import { test } from "node:test";
import { textOf } from "../../workers/thrown.ts";

test("whatever was thrown can be told of", () => {
  assert.equal(textOf(new TypeError("x")), "TypeError: x");
  assert.equal(textOf(5), "5");
  assert.equal(textOf(Object.create(null)), "what was thrown cannot be shown");
});
