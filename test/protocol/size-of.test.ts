import assert from "node:assert/strict";
import { test } from "node:test";
import { sizeOf } from "../../src/protocol/size-of.ts";

test("buffers and texts count in full, wherever they are", () => {
  const bytes = new Uint8Array(1000);
  assert.equal(sizeOf(bytes), 1000);
  assert.equal(sizeOf(bytes.buffer), 1000);
  assert.equal(sizeOf("abc"), 6);
  assert.ok(sizeOf([{ photo: bytes }, new Map([["a", bytes]]), new Blob([bytes])]) >= 3000);
});

test("shared memory is not copied, and does not count", () => {
  const shared = new SharedArrayBuffer(1000);
  assert.ok(sizeOf([shared, new Uint8Array(shared)]) < 100);
});

test("cycles and endless lists are cut off", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  assert.ok(sizeOf(cycle) < 1000);
  assert.ok(sizeOf(new Array(1_000_000).fill(1)) < 100_000);
});
