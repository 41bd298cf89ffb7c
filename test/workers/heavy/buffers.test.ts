import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { postMoved } from "../../../workers/heavy/buffers.ts";

/** Posts a value. @returns what arrives */
function post<T>(value: T): T {
  const { port1, port2 } = new MessageChannel();
  try {
    postMoved(port1, value);
    return receiveMessageOnPort(port2)!.message;
  } finally {
    port1.close();
  }
}

test("whole buffers in bytes, objects and lists are moved", () => {
  const [bytes, buffer, numbers] = [new Uint8Array([1]), new ArrayBuffer(2), new Float64Array([3])];
  const arrived = post({ image: { bytes }, others: [buffer, numbers, bytes] });
  assert.deepEqual([bytes.byteLength, buffer.byteLength, numbers.byteLength], [0, 0, 0]);
  assert.deepEqual([...arrived.image.bytes], [1]);
  assert.equal((arrived.others[0] as ArrayBuffer).byteLength, 2);
  assert.equal((arrived.others[1] as Float64Array)[0], 3);
});

test("a part of a buffer is copied, and shared memory stays shared", () => {
  const whole = new Uint8Array([1, 2, 3, 4]);
  const shared = new Uint8Array(new SharedArrayBuffer(1));
  const arrived = post({ part: whole.subarray(1, 3), shared });
  assert.deepEqual([...arrived.part], [2, 3]);
  assert.equal(whole.byteLength, 4);
  arrived.shared[0] = 9;
  assert.equal(shared[0], 9);
});

test("a buffer that cannot be moved is copied, and the others with it", () => {
  // @ts-expect-error WebAssembly is not among the types of Node.js
  const { buffer }: { buffer: ArrayBuffer } = new WebAssembly.Memory({ initial: 1 });
  const bytes = new Uint8Array([5]);
  const arrived = post({ buffer, bytes });
  assert.equal(arrived.buffer.byteLength, buffer.byteLength);
  assert.deepEqual([...arrived.bytes], [5]);
});

test("a value that cannot be copied is an error, with or without bytes", () => {
  for (const value of [() => {}, { bytes: new Uint8Array(1), method() {} }]) {
    assert.throws(() => post(value as unknown), { name: "DataCloneError" });
  }
});
