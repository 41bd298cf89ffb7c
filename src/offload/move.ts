/** Marks bytes in arguments that are to be moved instead of copied. */

import { isWhole } from "../protocol/transferable-bytes.ts";

const marked = new WeakSet<ArrayBuffer>();

/** Levels of objects and lists in which marked bytes are found. */
const DEPTH = 4;

/**
 * Marks bytes: as an argument of an offloaded function they are moved, which costs nothing, and are empty here afterwards. A view
 * moves its whole buffer. Bytes that are a part of a larger buffer, as small Buffers are, are copied all the same.
 * @returns the same bytes
 */
export function move<T extends ArrayBuffer | ArrayBufferView>(bytes: T): T {
  if (bytes instanceof ArrayBuffer) marked.add(bytes);
  else if (bytes.buffer instanceof ArrayBuffer && isWhole(bytes)) marked.add(bytes.buffer);
  return bytes;
}

/** The marked buffers in the arguments, each once. */
export function movedIn(args: readonly unknown[]): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  search(args, found, DEPTH);
  return [...found];
}

function search(value: unknown, found: Set<ArrayBuffer>, depth: number): void {
  if (typeof value !== "object" || value === null) return;
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
  if (buffer instanceof ArrayBuffer) {
    if (marked.has(buffer)) found.add(buffer);
  } else if (depth > 0 && (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype)) {
    for (const part of Object.values(value)) search(part, found, depth - 1);
  }
}
