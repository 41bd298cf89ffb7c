import assert from "node:assert/strict";
import { test } from "node:test";
import { textOfThrown } from "../../workers/thrown.ts";

test("any thrown value becomes text", () => {
  assert.equal(textOfThrown(new TypeError("x")), "TypeError: x");
  assert.equal(textOfThrown(5), "5");
  assert.equal(textOfThrown(Object.create(null)), "a value that cannot be shown");
});
