import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { copyOf, isDetached, isWhole, ownBytes } from "../../src/protocol/transferable-bytes.ts";

// @ts-expect-error which is not among the types of Node.js
const memory: { buffer: ArrayBuffer } = new WebAssembly.Memory({ initial: 1 });

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

suite("bytes that are all of their buffer are taken, and nothing of them is left", () => {
  test("a Uint8Array", () => {
    const bytes = new TextEncoder().encode("hello");
    const { buffer } = bytes;
    assert.equal(text(ownBytes(bytes)), "hello");
    assert.deepEqual([bytes.length, buffer.detached, isDetached(bytes)], [0, true, true]);
  });

  test("another view", () => {
    const numbers = new Uint16Array([1, 2]);
    assert.equal(ownBytes(numbers).byteLength, 4);
    assert.ok(isDetached(numbers));
  });

  test("an empty one", () => assert.equal(ownBytes(new Uint8Array(0)).byteLength, 0));

  test("one whose buffer can grow becomes one that cannot", () => {
    const bytes = new Uint8Array(new ArrayBuffer(4, { maxByteLength: 8 }));
    assert.equal(ownBytes(bytes).buffer.resizable, false);
  });
});

suite("others are copied, and stay", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  const kept: [what: string, bytes: Uint8Array][] = [
    ["a part of a larger buffer", new Uint8Array(8).subarray(2, 5)],
    ["a Buffer from the pool", Buffer.from("abc")],
    ["shared memory", shared],
    ["WebAssembly's memory", new Uint8Array(memory.buffer)],
  ];
  for (const [what, bytes] of kept) {
    test(what, () => {
      bytes.fill(7);
      const length = bytes.length;
      const owned = ownBytes(bytes);
      assert.deepEqual([...owned.subarray(0, 3)], [7, 7, 7]);
      assert.deepEqual([owned.length, bytes.length, isDetached(bytes)], [length, length, false]);
      assert.ok(owned.buffer instanceof ArrayBuffer && isWhole(owned));
      bytes.fill(8);
      assert.equal(owned[0], 7);
    });
  }

  test("whatever is asked for as a copy", () => {
    const bytes = new Uint8Array([1, 2]);
    assert.deepEqual([...copyOf(bytes)], [1, 2]);
    assert.equal(isDetached(bytes), false);
  });
});
