import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { copyOfBytes, isDetached, isWhole, transferableBytes } from "../../src/protocol/transferable-bytes.ts";

// @ts-expect-error WebAssembly is not among the types of Node.js
const memory: { buffer: ArrayBuffer } = new WebAssembly.Memory({ initial: 1 });

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

suite("bytes that fill their buffer are moved, and the original is empty", () => {
  test("a Uint8Array is moved", () => {
    const bytes = new TextEncoder().encode("hello");
    const { buffer } = bytes;
    assert.equal(text(transferableBytes(bytes)), "hello");
    assert.deepEqual([bytes.length, buffer.detached, isDetached(bytes)], [0, true, true]);
  });

  test("a Uint16Array is moved", () => {
    const numbers = new Uint16Array([1, 2]);
    assert.equal(transferableBytes(numbers).byteLength, 4);
    assert.ok(isDetached(numbers));
  });

  test("an empty Uint8Array is moved", () => assert.equal(transferableBytes(new Uint8Array(0)).byteLength, 0));

  test("a resizable buffer becomes one of fixed length", () => {
    const bytes = new Uint8Array(new ArrayBuffer(4, { maxByteLength: 8 }));
    assert.equal(transferableBytes(bytes).buffer.resizable, false);
  });
});

suite("other bytes are copied, and the original stays", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  const kept: [what: string, bytes: Uint8Array][] = [
    ["a part of a larger buffer", new Uint8Array(8).subarray(2, 5)],
    ["a Buffer from the pool", Buffer.from("abc")],
    ["shared memory", shared],
    ["WebAssembly's memory", new Uint8Array(memory.buffer)],
  ];
  for (const [what, bytes] of kept) {
    test(`${what} is copied`, () => {
      bytes.fill(7);
      const length = bytes.length;
      const moved = transferableBytes(bytes);
      assert.deepEqual([...moved.subarray(0, 3)], [7, 7, 7]);
      assert.deepEqual([moved.length, bytes.length, isDetached(bytes)], [length, length, false]);
      assert.ok(moved.buffer instanceof ArrayBuffer && isWhole(moved));
      bytes.fill(8);
      assert.equal(moved[0], 7);
    });
  }

  test("copyOfBytes() copies bytes that could be moved", () => {
    const bytes = new Uint8Array([1, 2]);
    assert.deepEqual([...copyOfBytes(bytes)], [1, 2]);
    assert.equal(isDetached(bytes), false);
  });
});
