import assert from "node:assert/strict";
import { test } from "node:test";
import { median, quantile, summarize } from "../../bench/statistics.ts";

test("the median is the middle value, or the mean of the middle two", () => {
  assert.equal(median([30, 1, 2]), 2);
  assert.equal(median([4, 1, 10, 2]), 3);
  assert.equal(median([5]), 5);
});

test("values are sorted as numbers", () => {
  assert.deepEqual(summarize([100, 9, 20]), { count: 3, p50: 20, p90: 84, p99: 98.4, max: 100 });
});

test("quantiles are interpolated between measurements", () => {
  assert.equal(quantile([0, 10], 0.25), 2.5);
  assert.equal(quantile([0, 10, 20], 1), 20);
  assert.equal(quantile([7], 0.99), 7);
});

test("a summary of no values is NaN", () => {
  assert.deepEqual(summarize([]), { count: 0, p50: Number.NaN, p90: Number.NaN, p99: Number.NaN, max: Number.NaN });
});
