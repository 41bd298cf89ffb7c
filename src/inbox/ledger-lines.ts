/**
 * The lines of the ledger: in memory, on their way to its file, and the texts in what was read of it. A line is two numbers: its epoch, and the event's number times KINDS plus the
 * kind of the line; or STORED, and the number of the last event that the disk has. A line of the kind FACTS has no event. Behind it come
 * the length and the checksum of its text, and the text, which is filled up with zeros: never as it would begin a line.
 */

import { crc32 } from "node:zlib";

export const KINDS = 4;
export const [BEGUN, BEGUN_ALONE, SETTLED, FACTS] = [0, 1, 2, 3];
export const STORED = -1;
export const NUMBERS_PER_LINE = 2;
export const BYTES_PER_LINE = NUMBERS_PER_LINE * Float64Array.BYTES_PER_ELEMENT;

/** Lines for which there is memory at first, and which is kept: 256 KB, for the calls and answers of a busy turn. */
const FEW = 16 * 1024;
/** The most bytes that a UTF-16 unit takes. */
const MOST_BYTES = 3;

/** The memory is used again for the lines of the next write: new memory for each would cost more than the lines. */
export class LedgerLines {
  #numbers = new Float64Array(NUMBERS_PER_LINE * FEW);
  #bytes = bytesOf(this.#numbers);
  #count = 0;

  /** Number of lines; those of a text count. */
  get count(): number {
    return this.#count;
  }

  /** The lines, until the next change. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, BYTES_PER_LINE * this.#count);
  }

  add(epoch: number, value: number): void {
    this.#makeRoom(1);
    const place = NUMBERS_PER_LINE * this.#count++;
    this.#numbers[place] = epoch;
    this.#numbers[place + 1] = value;
  }

  addText(epoch: number, text: string): void {
    this.add(epoch, FACTS);
    this.#makeRoom(1 + linesFor(MOST_BYTES * text.length));
    const start = BYTES_PER_LINE * (this.#count + 1);
    const length = this.#bytes.write(text, start);
    this.add(length, crc32(this.#bytes.subarray(start, start + length)));
    this.#count += linesFor(length);
    this.#bytes.fill(0, start + length, BYTES_PER_LINE * this.#count);
  }

  clear(): void {
    this.#count = 0;
    if (this.#bytes.length > BYTES_PER_LINE * FEW) this.#resize(FEW);
  }

  #makeRoom(lines: number): void {
    const needed = this.#count + lines;
    if (BYTES_PER_LINE * needed > this.#bytes.length) this.#resize(2 * needed);
  }

  #resize(lines: number): void {
    const numbers = new Float64Array(NUMBERS_PER_LINE * lines);
    numbers.set(this.#numbers.subarray(0, NUMBERS_PER_LINE * this.#count));
    this.#numbers = numbers;
    this.#bytes = bytesOf(numbers);
  }
}

function bytesOf({ buffer }: Float64Array<ArrayBuffer>): Buffer {
  return Buffer.from(buffer);
}

/** Lines that so many bytes take. */
export function linesFor(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_LINE);
}

/**
 * The text whose length and checksum stand at that place; undefined if it is not whole.
 * @param place a line's first number, among the numbers in the bytes
 */
export function textBehind(bytes: Buffer, numbers: Float64Array, place: number): Buffer | undefined {
  const [length, checksum] = [numbers[place] ?? -1, numbers[place + 1]];
  const start = (place + NUMBERS_PER_LINE) * Float64Array.BYTES_PER_ELEMENT;
  if (!Number.isInteger(length) || length < 0 || start + length > bytes.byteLength) return undefined;
  const text = bytes.subarray(start, start + length);
  return crc32(text) === checksum ? text : undefined;
}
