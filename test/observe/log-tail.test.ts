import assert from "node:assert/strict";
import { test } from "node:test";
import { LogTail } from "../../src/observe/log-tail.ts";

test("the tail has the last twenty lines of a worker, in order", () => {
  const tail = new LogTail();
  for (let i = 1; i <= 50; i++) tail.add(0, `line ${i}`);
  const expected = Array.from({ length: 20 }, (_, i) => `line ${31 + i}`);
  assert.equal(tail.of(0), expected.join("\n"));
});

test("each worker has a tail of its own", () => {
  const tail = new LogTail();
  tail.add(0, "zero");
  tail.add(1, "one");
  tail.add(0, "nought");
  assert.deepEqual([tail.of(0), tail.of(1), tail.of(2)], ["zero\nnought", "one", ""]);
});
