/**
 * What a worker thread shows of itself in shared memory: when its event loop last turned, and which event it was last at. A
 * thread that is blocked cannot send messages, and one that has died cannot either; this can still be read.
 */

export class Pulse {
  /** What to hand to the other thread. */
  readonly buffer: SharedArrayBuffer;
  /** [when the loop last turned, in milliseconds since 1970; the inbox's number of the event] */
  readonly #values: Float64Array;

  constructor(buffer = new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#values = new Float64Array(buffer);
  }

  /** The worker's event loop is turning. */
  beat(): void {
    this.#values[0] = Date.now();
  }

  /** The application is at this event. */
  workAt(seq: number): void {
    this.#values[1] = seq;
  }

  /** The event that the application was last at; 0 for none yet. */
  get seq(): number {
    return this.#values[1]!;
  }

  /** Milliseconds since the loop last turned; 0 before it first did. */
  get silence(): number {
    const last = this.#values[0]!;
    return last === 0 ? 0 : Math.max(0, Date.now() - last);
  }
}
