/**
 * What a worker thread shows of itself in shared memory: when its event loop last turned, which event it was last at, and how
 * it fares. A thread that is blocked cannot send messages, and one that has died cannot either; this can still be read.
 */

/** How often a worker shows that it is alive: ms. */
export const BEAT = 1000;

/** Instances that have been dropped since the worker started: while idle for long, or for want of room. */
export interface Dropped {
  idle: number;
  evicted: number;
}

/** What a worker measures at each beat. */
export interface Measures {
  /** Application instances. */
  instances: number;
  /** How long its event loop has been at work since it started: ms. */
  active: number;
  /** Bytes of heap in use, and of memory outside that hangs on it (Buffers, say). */
  heap: number;
  external: number;
}

/** How a worker fares. What is counted is so at once: nothing of it is lost when the thread dies. */
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
/** In front of them: when the loop last turned, in milliseconds since 1970; the inbox's number of the event. */
const [TURNED, SEQ, FIRST] = [0, 1, 2];

const NOW = Promise.resolve();

export class Pulse {
  /** What to hand to the other thread. */
  readonly buffer: SharedArrayBuffer;
  readonly #values: Float64Array;

  constructor(buffer = new SharedArrayBuffer((FIRST + FIELDS.length) * Float64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#values = new Float64Array(buffer);
  }

  /** The worker's event loop is turning. */
  beat(measures?: Measures): void {
    this.#values[TURNED] = Date.now();
    if (measures === undefined) return;
    const values = MEASURES.map((field) => measures[field]);
    this.#values.set(values, FIRST + COUNTS.length);
  }

  /** One more instance has been dropped. */
  count(reason: keyof Dropped): void {
    this.#values[FIRST + COUNTS.indexOf(reason)]! += 1;
  }

  /** The application works at this event when its code goes on: one message may resume many instances, one after another. */
  willWorkAt(seq: number): void {
    void NOW.then(() => {
      this.#values[SEQ] = seq;
    });
  }

  /** The event that the application last worked at; 0 if there was none. */
  get seq(): number {
    return this.#values[SEQ]!;
  }

  /** Milliseconds since the loop last turned; 0 before it first did. */
  get silence(): number {
    const last = this.#values[TURNED]!;
    return last === 0 ? 0 : Math.max(0, Date.now() - last);
  }

  /** All zero before the first beat. A worker that has missed one is at work. */
  get condition(): Condition {
    const values = FIELDS.map((field, i) => [field, this.#values[FIRST + i]!] as const);
    const condition = Object.fromEntries(values) as unknown as Condition;
    return { ...condition, active: condition.active + Math.max(0, this.silence - BEAT) };
  }
}
