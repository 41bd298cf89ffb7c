/**
 * A worker's state in shared memory: the time of its last beat, the event at hand, its instances and its memory. A
 * thread that is blocked or dead cannot send messages, but the main thread can still read this.
 */

import { whenCodeRests } from "./when-code-rests.ts";

/** Interval between two beats of a worker: ms. */
export const BEAT = 1000;

/** Time between the abort of an event's signal at its time limit, and its end: ms. */
export const LIMIT_GRACE = 5000;

/** Instances dropped since the worker started: idle for `--idle-timeout`, or evicted by `--max-applications`. */
export interface Dropped {
  idle: number;
  evicted: number;
}

/** Measurements that a worker writes at each beat. */
export interface Measures {
  /** Application instances. */
  instances: number;
  /** Time for which its event loop has been active since the worker started: ms. */
  active: number;
  /** Heap in use: bytes. */
  heap: number;
  /** Memory outside the heap that objects in it hold, as Buffers do: bytes. */
  external: number;
}

/** Counts and measurements of a worker. Counts are written at once, so the death of the thread loses none of them. */
export type Condition = Dropped & Measures;

/** A worker's state at one moment. */
export interface WorkerStatus {
  readonly number: number;
  /** True from the end of its start until it ends or dies. */
  readonly isUp: boolean;
  /** Milliseconds since its event loop last turned. */
  readonly silence: number;
  /** As of its last beat. */
  readonly condition: Condition;
}

const COUNTS = ["idle", "evicted"] as const satisfies (keyof Dropped)[];
const MEASURES = ["instances", "active", "heap", "external"] as const satisfies (keyof Measures)[];
const FIELDS = [...COUNTS, ...MEASURES];
/**
 * Places before the fields: time of the last beat by monotonic(), in ms; the inbox's number of the event at hand; its time limit in ms, 0
 * without one.
 */
const [TURNED, SEQ, LIMIT, FIRST] = [0, 1, 2, 3];

const NOW = Promise.resolve();

/** Rounds after which an event's code counts as over. It happens at every event with a time limit. */
const REST = 4;

export class Pulse {
  /** Shared memory; the other thread makes a Pulse from it. */
  readonly buffer: SharedArrayBuffer;
  readonly #values: Float64Array;
  /** False while several events are at work: code that goes on by itself, as with a timer, may be that of any of them. */
  isAlone: () => boolean = () => true;
  #isResting = false;

  constructor(buffer = new SharedArrayBuffer((FIRST + FIELDS.length) * Float64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#values = new Float64Array(buffer);
  }

  /** Records that the worker's event loop turns. */
  beat(measures?: Measures): void {
    this.#values[TURNED] = monotonic();
    if (measures === undefined) return;
    const values = MEASURES.map((field) => measures[field]);
    this.#values.set(values, FIRST + COUNTS.length);
  }

  /** Counts a dropped instance. */
  count(reason: keyof Dropped): void {
    this.#values[FIRST + COUNTS.indexOf(reason)]! += 1;
  }

  /** The application works at this event when its code goes on: one message may resume many instances, one after another. */
  willWorkAt(seq: number, limit = 0): void {
    void NOW.then(() => {
      this.#values[SEQ] = seq;
      this.#values[LIMIT] = limit;
      if (limit === 0 || this.#isResting) return;
      this.#isResting = true;
      whenCodeRests(this.#rest, REST);
    });
  }

  /** No event pays for the time of another: the number stays, as a guess. */
  readonly #rest = (): void => {
    this.#isResting = false;
    if (!this.isAlone()) this.#values[LIMIT] = 0;
  };

  /** The time limit of the event at hand: ms; 0 without one. */
  get limit(): number {
    return this.#values[LIMIT]!;
  }

  /** The event that the application last worked at; 0 if there was none. */
  get seq(): number {
    return this.#values[SEQ]!;
  }

  /** Milliseconds since the last beat; 0 before the first beat. */
  get silence(): number {
    const last = this.#values[TURNED]!;
    return last === 0 ? 0 : Math.max(0, monotonic() - last);
  }

  /**
   * Zero in every field before the first beat. A missed beat means that the loop is busy, so its delay counts as
   * active.
   */
  get condition(): Condition {
    const values = FIELDS.map((field, i) => [field, this.#values[FIRST + i]!] as const);
    const condition = Object.fromEntries(values) as unknown as Condition;
    return { ...condition, active: condition.active + Math.max(0, this.silence - BEAT) };
  }
}

/** A clock that all threads share and no step of the system's clock disturbs: ms. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
