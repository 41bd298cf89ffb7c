import assert from "node:assert/strict";
import { test } from "node:test";
import { percentile } from "../../../simulator/flood/percentile.ts";

test("a percentile is the smallest value that so many percent do not exceed", () => {
  const hundred = Array.from({ length: 100 }, (_, n) => n + 1);
  assert.equal(percentile(hundred, 50), 50);
  assert.equal(percentile(hundred, 99), 99);
  assert.equal(percentile([7], 99), 7);
});
