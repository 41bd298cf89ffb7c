import assert from "node:assert/strict";
import { test } from "node:test";
import { faultInWords, hitsInWords } from "../../../simulator/page/fault-words.ts";

test("a fault is told in words, and its hits", () => {
  assert.equal(faultInWords({ error_code: 429, retry_after: 3, times: 5 }), "429, retry after 3 s");
  assert.equal(faultInWords({ delay: 1500, probability: 0.3 }), "1.5 s slow, 30 of 100 calls");
  assert.equal(faultInWords({ breaks: "before" }), "broken off before it acts");
  assert.equal(hitsInWords({ times: 5 }, 2), "hit 2 of 5");
  assert.equal(hitsInWords({}, 2), "hit 2");
});
