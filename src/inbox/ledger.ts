/**
 * The inbox's ledger: a file beside the database that records which deliveries begin and which events are settled,
 * until the database copies those lines: once a second, when the ledger is full, or with the next write about stored events. A line costs
 * a tenth of a transaction, and a chat that sends one message after the other needs one for each. Most events are settled before the
 * database has to know that they had begun.
 *
 *   write() --> in the file --> the database copies the lines, and sets a new epoch --> turnTo() --> obsolete
 *
 * Each line has the epoch in which it was written, and the database holds the epoch that it has not copied yet. So a
 * death of the process between the commit and turnTo() repeats nothing. Written lines survive the death of the process.
 * A power cut may lose lines; their events are delivered a second time, as promised.
 *
 * The facts of a turn about the journals of its events are a line with text behind it. Facts of settled events are not copied.
 * Stored values that events have written are in the same text. They count if the line of their event's settlement stands behind it: a
 * line that was not written to its end leaves neither.
 *
 * Lines of their own say which events the disk has. They count in every epoch: if the database was cut, it does not know the last
 * ones, and must find out that it lacks events.
 */

import { closeSync, constants, fstatSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import type { JournalFact } from "../protocol/recorded-call.ts";
import type { StoredWrite } from "../protocol/stored-value.ts";
import { factsIn, textOf, type WrittenValue } from "./fact-text.ts";
import type { Beginning } from "./inbox.ts";
import { PRIVATE } from "./inbox-files.ts";
import {
  BEGUN,
  BEGUN_ALONE,
  BYTES_PER_LINE,
  FACTS,
  KINDS,
  LedgerLines,
  linesFor,
  NUMBERS_PER_LINE,
  SETTLED,
  STORED,
  textBehind,
} from "./ledger-lines.ts";

/** Number of beginnings and settlements at which the database copies the ledger, even without another reason for a transaction. */
const MANY = 4096;
/** Length of the file, without what is obsolete, at which the database copies it as well: bytes. */
const LONG = 4 * 1024 * 1024;

export class Ledger {
  /** File descriptor. -1 after close(): the system may give the number to another file. */
  #file: number;
  #epoch: number;
  readonly #lines = new LedgerLines();
  #begun: Beginning[] = [];
  #settled: number[] = [];
  #facts = new Map<number, JournalFact[]>();
  /** The latest write of each value, by its key. */
  #values = new Map<string, WrittenValue>();
  /** Number of lines that were written in this epoch. */
  #written = 0;
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

  /** Facts of this epoch about the journals of events that are not settled, by the number of the event. */
  get facts(): ReadonlyMap<number, readonly JournalFact[]> {
    return this.#facts;
  }

  /** The latest write in this epoch of each stored value, by its key. */
  get values(): ReadonlyMap<string, WrittenValue> {
    return this.#values;
  }

  get isEmpty(): boolean {
    return this.#begun.length + this.#settled.length + this.#facts.size + this.#values.size === 0;
  }

  get isFull(): boolean {
    return this.#begun.length + this.#settled.length >= MANY || this.#written * BYTES_PER_LINE >= LONG;
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
  write(
    begun: readonly Beginning[],
    settled: readonly number[],
    facts: readonly JournalFact[] = NO_FACTS,
    writes: readonly StoredWrite[] = NO_WRITES,
  ): void {
    const lines = this.#lines;
    const values = writes.length === 0 ? NO_VALUES : stamped(writes);
    lines.clear();
    if (this.#lastSaid < this.#lastStored) lines.add(STORED, this.#lastStored);
    for (const { seq, alone } of begun) lines.add(this.#epoch, seq * KINDS + (alone ? BEGUN_ALONE : BEGUN));
    if (facts.length + values.length > 0) lines.addText(this.#epoch, [...facts, ...values].map(textOf).join(""));
    for (const seq of settled) lines.add(this.#epoch, seq * KINDS + SETTLED);
    this.#append(lines.bytes);
    this.#written += lines.count;
    this.#lastSaid = this.#lastStored;
    this.#begun.push(...begun);
    this.#settled.push(...settled);
    for (const fact of facts) this.#remember(fact);
    if (this.#facts.size > 0) for (const seq of settled) this.#facts.delete(seq);
    for (const value of values) this.#values.set(value.key, value);
  }

  /** Begins a new epoch: the database has copied all lines. */
  turnTo(epoch: number): void {
    this.#epoch = epoch;
    this.#begun = [];
    this.#settled = [];
    this.#facts = new Map();
    this.#values = new Map();
    this.#written = 0;
    this.#lastSaid = 0;
  }

  /** Empties the file: the database has copied all lines. */
  wipe(): void {
    ftruncateSync(this.#file);
    this.#written = 0;
    this.#lastSaid = 0;
    this.writeStored();
  }

  /** Forgets which events the disk had, and with it all lines: the database lacks some, and has copied the rest. */
  forgetStored(): void {
    const { size } = fstatSync(this.#file);
    writeSync(this.#file, Buffer.alloc(size), 0, size, 0);
    this.#written = 0;
    this.#lastStored = 0;
    this.#lastSaid = 0;
  }

  close(): void {
    closeSync(this.#file);
    this.#file = -1;
  }

  /** Writes over the lines of earlier epochs. A full disk writes a part first, then fails with an error. */
  #append(lines: Buffer): void {
    const start = this.#written * BYTES_PER_LINE;
    for (let done = 0; done < lines.length; ) {
      done += writeSync(this.#file, lines, done, lines.length - done, start + done);
    }
  }

  #read(bytes: Buffer): void {
    const count = Math.floor(bytes.byteLength / BYTES_PER_LINE) * NUMBERS_PER_LINE;
    const numbers = new Float64Array(count);
    new Uint8Array(numbers.buffer).set(bytes.subarray(0, numbers.byteLength));
    const values: WrittenValue[] = [];
    let isOfThisEpoch = true;
    for (let at = 0; at < count; at += NUMBERS_PER_LINE) {
      const value = numbers[at + 1]!;
      const isStored = numbers[at] === STORED;
      isOfThisEpoch &&= isStored || numbers[at] === this.#epoch;
      if (isOfThisEpoch) this.#written += 1;
      if (isStored) this.stored(value);
      if (isStored || !isOfThisEpoch) continue;
      const [seq, kind] = [Math.floor(value / KINDS), value % KINDS];
      if (kind === FACTS) {
        const text = textBehind(bytes, numbers, at + NUMBERS_PER_LINE);
        if (text === undefined) {
          // It was not written to its end.
          isOfThisEpoch = false;
          this.#written -= 1;
          continue;
        }
        const length = 1 + linesFor(text.byteLength);
        this.#written += length;
        at += length * NUMBERS_PER_LINE;
        for (const fact of factsIn(text.toString())) {
          if (fact.type === "stored") values.push(fact);
          else this.#remember(fact);
        }
      } else if (kind === SETTLED) {
        this.#settled.push(seq);
        this.#facts.delete(seq);
      } else this.#begun.push({ seq, alone: kind === BEGUN_ALONE });
    }
    const settled = new Set(this.#settled);
    for (const value of values) {
      if (value.seq === undefined || settled.has(value.seq)) this.#values.set(value.key, value);
    }
  }

  #remember(fact: JournalFact): void {
    for (const seq of fact.seqs) {
      const known = this.#facts.get(seq);
      if (known === undefined) this.#facts.set(seq, [fact]);
      else known.push(fact);
    }
  }
}

const NO_FACTS: readonly JournalFact[] = [];
const NO_WRITES: readonly StoredWrite[] = [];
const NO_VALUES: readonly WrittenValue[] = [];

function stamped(writes: readonly StoredWrite[]): WrittenValue[] {
  const at = Date.now();
  return writes.map(({ key, json, seq, line }) => ({ type: "stored", key, json, seq, line, at }));
}

/**
 * An epoch that no line in the file has: never 0, which is how a hole in a file reads, and in practice never drawn
 * before.
 */
export function drawEpoch(): number {
  return 1 + Math.floor(Math.random() * 2 ** 52);
}
