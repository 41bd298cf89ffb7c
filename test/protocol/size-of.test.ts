import assert from "node:assert/strict";
import { test } from "node:test";
import { sizeOf } from "../../src/protocol/size-of.ts";

test("buffers and texts count in full, wherever they are", () => {
  const bytes = new Uint8Array(1000);
  assert.equal(sizeOf(bytes), 1000);
  assert.equal(sizeOf(bytes.buffer), 1000);
  assert.equal(sizeOf("abc"), 6);
  assert.ok(sizeOf([{ photo: bytes }, new Map([["a", bytes.slice()]]), new Blob([bytes])]) >= 3000);
});

test("shared memory is not copied, and does not count", () => {
  const shared = new SharedArrayBuffer(1000);
  assert.ok(sizeOf([shared, new Uint8Array(shared)]) < 100);
});

test("long lists and deep objects count in full", () => {
  const photos = Array.from({ length: 10_000 }, () => ({ photo: { of: { some: { size: new Uint8Array(1000) } } } }));
  const size = sizeOf([photos]);
  assert.ok(size > 10_000_000 && size < 11_000_000, `${size}`);
  assert.ok(sizeOf(new Set(Array.from({ length: 10_000 }, () => new Uint8Array(1000)))) > 10_000_000);
});

test("what is there twice counts once, as in a copy", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  assert.ok(sizeOf(cycle) < 1000);
  const list: unknown[] = [];
  list.push(...new Array(1000).fill(list));
  assert.ok(sizeOf(list) < 1000);
  const bytes = new Uint8Array(1000);
  assert.ok(sizeOf([bytes, bytes]) < 1100);
});
