/** Estimates the size of values that wait in a queue. */

/** Levels of objects and lists that are looked at, and members of each. */
const DEPTH = 4;
const WIDTH = 1000;
/** A number, a key, a small object: bytes. */
const SMALL = 16;

/** Bytes that the value takes, roughly. Buffers and texts count in full; the rest of deep or wide objects is left out. */
export function sizeOf(value: unknown, depth = DEPTH): number {
  if (typeof value === "string") return 2 * value.length;
  if (typeof value !== "object" || value === null) return SMALL;
  // Shared memory is not copied.
  if (value instanceof SharedArrayBuffer) return SMALL;
  if (value instanceof ArrayBuffer) return value.byteLength;
  if (ArrayBuffer.isView(value)) return value.buffer instanceof SharedArrayBuffer ? SMALL : value.byteLength;
  if (value instanceof Blob) return value.size;
  if (depth === 0) return SMALL;
  const parts = value instanceof Map || value instanceof Set ? [...value.entries()] : Object.values(value);
  return parts.slice(0, WIDTH).reduce((sum: number, part) => sum + sizeOf(part, depth - 1), SMALL);
}
