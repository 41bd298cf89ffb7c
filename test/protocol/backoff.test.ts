import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { backoff } from "../../src/protocol/backoff.ts";

describe("backoff", () => {
  test("the pause doubles from 100 ms up to the limit, less up to a fifth", () => {
    const withoutLuck = (attempt: number) => backoff(attempt, 5000, () => 0);
    assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 8, 99].map(withoutLuck), [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    assert.equal(
      backoff(3, 5000, () => 1),
      320,
    );
  });

  test("the pause is within its bounds for every attempt", () => {
    const limit = fc.integer({ min: 100, max: 3_600_000 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), limit, (attempt, most) => {
        const full = Math.min(most, 100 * 2 ** Math.min(attempt - 1, 40));
        const wait = backoff(attempt, most);
        assert.ok(wait > full * 0.79 && wait <= full, `${wait} of ${full}`);
      }),
    );
  });

  test("the pauses of many callers spread out", () => {
    const waits = new Set(Array.from({ length: 100 }, () => backoff(5, 20_000)));
    assert.ok(waits.size > 90);
  });
});
