import assert from "node:assert/strict";
import { test } from "node:test";
import { Kept } from "../../../simulator/inspector/kept.ts";

test("the oldest row is dropped beyond the limit, and a key has one row", () => {
  const dropped: string[] = [];
  const kept = new Kept<number, string>(2, (row) => dropped.push(row));
  kept.add(1, "a");
  kept.add(2, "b");
  kept.add(1, "A");
  kept.add(3, "c");
  assert.deepEqual(kept.rows, ["A", "c"]);
  assert.deepEqual(dropped, ["b"]);
  assert.equal(kept.get(2), undefined);
});
