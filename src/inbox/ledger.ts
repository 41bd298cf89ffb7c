/**
 * The inbox's ledger: a file beside the database that records which deliveries begin and which events are settled,
 * until the database's next transaction copies those lines. A line costs a tenth of a transaction, and a chat that
 * sends one message after the other needs one for each. Most events are settled before the database has to know that
 * they had begun.
 *
 *   write() --> in the file --> the database copies the lines, and sets a new epoch --> turnTo() --> obsolete
 *
 * Each line has the epoch in which it was written, and the database holds the epoch that it has not copied yet. So a
 * death of the process between the commit and turnTo() repeats nothing. Written lines survive the death of the process.
 * A power cut may lose lines; their events are delivered a second time, as promised.
 *
 * Lines of their own say which events the disk has. They count in every epoch: if the database was cut, it does not know the last
 * ones, and must find out that it lacks events.
 */

import { closeSync, constants, fstatSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Beginning } from "./inbox.ts";
import { PRIVATE } from "./inbox-files.ts";

/**
 * A line is two numbers: its epoch, and the event's number times KINDS plus the kind of the line; or STORED, and the number of the
 * last event that the disk has.
 */
const KINDS = 4;
const [BEGUN, BEGUN_ALONE, SETTLED] = [0, 1, 2];
const STORED = -1;
const NUMBERS_PER_LINE = 2;
const BYTES_PER_LINE = NUMBERS_PER_LINE * Float64Array.BYTES_PER_ELEMENT;

/** Number of facts at which the database copies them, even without another reason for a transaction. */
const MANY = 4096;

export class Ledger {
  /** File descriptor. -1 after close(): the system may give the number to another file. */
  #file: number;
  #epoch: number;
  #begun: Beginning[] = [];
  #settled: number[] = [];
  /** Number of lines that were written in this epoch. */
  #lines = 0;
  #lastStored = 0;
  /** Part of lastStored that this epoch's lines say. */
  #lastSaid = 0;

  /**
   * @param path the file; created if it does not exist
   * @param epoch the epoch that the database has not copied yet
   */
  constructor(path: string, epoch: number) {
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT, PRIVATE);
    this.#epoch = epoch;
    this.#read(readFileSync(this.#file));
  }

  /** Deliveries that have begun in this epoch, in order; includes events that have been settled since. */
  get begun(): readonly Beginning[] {
    return this.#begun;
  }

  /** Events that have been settled in this epoch. */
  get settled(): readonly number[] {
    return this.#settled;
  }

  get isEmpty(): boolean {
    return this.#begun.length + this.#settled.length === 0;
  }

  get isFull(): boolean {
    return this.#begun.length + this.#settled.length >= MANY;
  }

  /** Number of the last event that the disk has, as far as the ledger knows. */
  get lastStored(): number {
    return this.#lastStored;
  }

  /** The disk has all events up to this number. The next line that is written says so. */
  stored(seq: number): void {
    if (seq > this.#lastStored) this.#lastStored = seq;
  }

  /** Writes what stored() was told, if no line says it. */
  writeStored(): void {
    if (this.#lastSaid < this.#lastStored) this.write([], []);
  }

  /** Appends lines to the file. They survive the death of the process as soon as this returns. */
  write(begun: readonly Beginning[], settled: readonly number[]): void {
    const isBehind = this.#lastSaid < this.#lastStored;
    const count = begun.length + settled.length + (isBehind ? 1 : 0);
    const lines = new Float64Array(NUMBERS_PER_LINE * count);
    let at = 0;
    if (isBehind) {
      lines[at++] = STORED;
      lines[at++] = this.#lastStored;
    }
    for (const { seq, alone } of begun) {
      lines[at++] = this.#epoch;
      lines[at++] = seq * KINDS + (alone ? BEGUN_ALONE : BEGUN);
    }
    for (const seq of settled) {
      lines[at++] = this.#epoch;
      lines[at++] = seq * KINDS + SETTLED;
    }
    this.#append(lines);
    this.#lines += count;
    this.#lastSaid = this.#lastStored;
    this.#begun.push(...begun);
    this.#settled.push(...settled);
  }

  /** Begins a new epoch: the database has copied all lines. */
  turnTo(epoch: number): void {
    this.#epoch = epoch;
    this.#begun = [];
    this.#settled = [];
    this.#lines = 0;
    this.#lastSaid = 0;
  }

  /** Forgets which events the disk had, and with it all lines: the database lacks some, and has copied the rest. */
  forgetStored(): void {
    const { size } = fstatSync(this.#file);
    writeSync(this.#file, Buffer.alloc(size), 0, size, 0);
    this.#lastStored = 0;
  }

  close(): void {
    closeSync(this.#file);
    this.#file = -1;
  }

  /** Writes over the lines of earlier epochs. A full disk writes a part first, then fails with an error. */
  #append(lines: Float64Array): void {
    const start = this.#lines * BYTES_PER_LINE;
    for (let done = 0; done < lines.byteLength; ) {
      done += writeSync(this.#file, lines, done, lines.byteLength - done, start + done);
    }
  }

  #read(bytes: Buffer): void {
    const count = Math.floor(bytes.byteLength / BYTES_PER_LINE) * NUMBERS_PER_LINE;
    const numbers = new Float64Array(count);
    new Uint8Array(numbers.buffer).set(bytes.subarray(0, numbers.byteLength));
    let isOfThisEpoch = true;
    for (let at = 0; at < count; at += NUMBERS_PER_LINE) {
      const value = numbers[at + 1]!;
      const isStored = numbers[at] === STORED;
      isOfThisEpoch &&= isStored || numbers[at] === this.#epoch;
      if (isOfThisEpoch) this.#lines += 1;
      if (isStored) this.stored(value);
      if (isStored || !isOfThisEpoch) continue;
      const [seq, kind] = [Math.floor(value / KINDS), value % KINDS];
      if (kind === SETTLED) this.#settled.push(seq);
      else this.#begun.push({ seq, alone: kind === BEGUN_ALONE });
    }
  }
}

/**
 * An epoch that no line in the file has: never 0, which is how a hole in a file reads, and in practice never drawn
 * before.
 */
export function drawEpoch(): number {
  return 1 + Math.floor(Math.random() * 2 ** 52);
}
