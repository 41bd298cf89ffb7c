/**
 * Arrays of one dimension in PostgreSQL's binary form (array_recv in its arrayfuncs.c): nothing in them has to be escaped here and read
 * there. The package pg sends a Buffer as it is.
 *
 *   dimensions, has nulls, type of an element, number of elements, number of the first -- then each element: its length, or -1 for null, its bytes
 */

/** The number of the type, and the bytes of an element that has always the same. */
const TYPES = {
  bigint: { oid: 20, size: 8 },
  boolean: { oid: 16, size: 1 },
  integer: { oid: 23, size: 4 },
  text: { oid: 25, size: undefined },
} as const;

export type ElementType = keyof typeof TYPES;
export type Element = number | string | boolean | null;

const HEAD = 20;
const LENGTH = 4;
const NULL = -1;

/** @returns the columns of rows, an array each */
export function columnsOf<Column extends string>(
  rows: readonly { readonly [column in NoInfer<Column>]: Element }[],
  types: Readonly<Record<Column, ElementType>>,
): Buffer[] {
  return Object.entries<ElementType>(types).map(([column, type]) => {
    return binaryArray(
      type,
      rows.map((row) => row[column as Column]),
    );
  });
}

export function binaryArray(type: ElementType, elements: readonly Element[]): Buffer {
  const { oid, size } = TYPES[type];
  const sizes = elements.map((element) => {
    return element === null ? NULL : (size ?? Buffer.byteLength(element as string));
  });
  const array = Buffer.allocUnsafe(sizes.reduce((sum, bytes) => sum + LENGTH + Math.max(bytes, 0), HEAD));
  array.writeInt32BE(1, 0);
  array.writeInt32BE(sizes.includes(NULL) ? 1 : 0, 4);
  array.writeInt32BE(oid, 8);
  array.writeInt32BE(elements.length, 12);
  array.writeInt32BE(1, 16);
  let at = HEAD;
  for (const [i, element] of elements.entries()) {
    const bytes = sizes[i]!;
    at = array.writeInt32BE(bytes, at);
    if (element !== null) write(array, type, element, at);
    at += Math.max(bytes, 0);
  }
  return array;
}

function write(array: Buffer, type: ElementType, element: Exclude<Element, null>, at: number): void {
  switch (type) {
    case "text":
      return void array.write(element as string, at);
    case "boolean":
      return void array.writeUInt8(element === true ? 1 : 0, at);
    case "integer":
      return void array.writeInt32BE(element as number, at);
    case "bigint":
      array.writeInt32BE(Math.floor((element as number) / 2 ** 32), at);
      // Modulo 2 ** 32, also of a negative number.
      return void array.writeUInt32BE((element as number) >>> 0, at + 4);
  }
}
