import assert from "node:assert/strict";
import { test } from "node:test";
import { move, movedIn } from "../../src/offload/move.ts";

test("marked bytes are found in arguments, each buffer once; others are copied", () => {
  const marked = move(new Uint8Array(8));
  const other = new Uint8Array(8);
  assert.deepEqual(movedIn([{ photo: marked, again: [marked.buffer] }, other]), [marked.buffer]);
  assert.deepEqual(movedIn([other, "text", null]), []);
});

test("a part of a larger buffer, and shared memory, are not moved", () => {
  const part = move(new Uint8Array(8).subarray(2, 4));
  const shared = move(new Uint8Array(new SharedArrayBuffer(8)));
  assert.deepEqual(movedIn([part, shared]), []);
});
