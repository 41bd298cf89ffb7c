import assert from "node:assert/strict";
import { test } from "node:test";
import { textOfThrown } from "../../workers/thrown.ts";

test("whatever was thrown can be told of", () => {
  assert.equal(textOfThrown(new TypeError("x")), "TypeError: x");
  assert.equal(textOfThrown(5), "5");
  assert.equal(textOfThrown(Object.create(null)), "what was thrown cannot be shown");
});
