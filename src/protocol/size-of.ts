/** Estimates the size of values that wait in a queue. */

/** A number, a key, a small object: bytes. */
const SMALL = 16;
/** Objects and lists whose members count. With more of them the copy itself takes a tenth of a second. */
const MOST = 100_000;

/** Bytes that a copy of the value takes, roughly. Buffers and texts count in full, and what is there twice counts once. */
export function sizeOf(value: unknown): number {
  const seen = new Set<object>();
  const waiting: object[] = [];
  let size = 0;
  let opened = 0;
  const count = (one: unknown) => {
    if (typeof one === "string") size += 2 * one.length;
    else if (typeof one !== "object" || one === null) size += SMALL;
    else if (!seen.has(one)) {
      seen.add(one);
      waiting.push(one);
    }
  };
  count(value);
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    const bytes = bytesOf(one);
    size += bytes ?? SMALL;
    if (bytes !== undefined || opened >= MOST) continue;
    opened += 1;
    for (const member of membersOf(one)) count(member);
  }
  return size;
}

/** Bytes that an object without members holds. */
function bytesOf(value: object): number | undefined {
  // Shared memory is not copied.
  if (value instanceof SharedArrayBuffer) return SMALL;
  if (value instanceof ArrayBuffer) return value.byteLength;
  if (ArrayBuffer.isView(value)) return value.buffer instanceof SharedArrayBuffer ? SMALL : value.byteLength;
  return value instanceof Blob ? value.size : undefined;
}

function membersOf(value: object): unknown[] {
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  return value instanceof Set ? [...value] : Object.values(value);
}
