/** The ArrayBuffers in a value, so that they can be moved to another thread instead of copied. */

import type { MessagePort } from "node:worker_threads";
import { isWhole } from "../../src/protocol/transferable-bytes.ts";

/** Levels of objects and lists that are searched. */
const DEPTH = 4;

/**
 * Posts a message and moves the buffers of bytes, plain objects and lists in it. Copied are shared memory (its bytes stay shared),
 * buffers of which the message has only a part, and buffers that cannot be moved.
 * @throws DataCloneError if the message cannot be copied
 */
export function postMoved(port: Pick<MessagePort, "postMessage">, message: unknown): void {
  const buffers = new Set<ArrayBuffer>();
  search(message, buffers, DEPTH);
  try {
    port.postMessage(message, [...buffers]);
  } catch (error) {
    if (buffers.size === 0) throw error;
    // WebAssembly's memory cannot be moved, for example, and only the attempt shows it. Nothing has been moved by then.
    port.postMessage(message);
  }
}

function search(value: unknown, found: Set<ArrayBuffer>, depth: number): void {
  if (value instanceof ArrayBuffer) found.add(value);
  else if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer && isWhole(value)) found.add(value.buffer);
  } else if (depth > 0 && isContainer(value)) for (const part of Object.values(value)) search(part, found, depth - 1);
}

function isContainer(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
