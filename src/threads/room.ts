/**
 * Memory for one more thread. Everything that adds a thread asks here: a thread that does not fit would bring the kill of the whole
 * process that `--memory-limit` is to prevent.
 */

export interface RoomOptions {
  /** Bytes; Infinity without a limit. */
  limit: number;
  /** Resident bytes of the process. Native memory counts, as it does for the system. */
  resident(): number;
}

export class Room {
  readonly #options: RoomOptions;
  /** The most by which the process grew while a thread of each kind started: bytes. */
  readonly #costs = new Map<string, number>();

  constructor(options: RoomOptions) {
    this.#options = options;
  }

  /** True if so many more threads of that kind fit. A kind of which none has started yet fits while the process is below its limit. */
  has(kind: string, count = 1): boolean {
    const { limit, resident } = this.#options;
    return limit === Number.POSITIVE_INFINITY || resident() + count * this.costOf(kind) < limit;
  }

  /** Bytes that a thread of that kind takes. */
  costOf(kind: string): number {
    return this.#costs.get(kind) ?? 0;
  }

  /**
   * Measures threads while they start: what the process grows by meanwhile is theirs.
   * @param count number of threads that start together
   */
  measure(kind: string, started: Promise<unknown>, count = 1): void {
    const before = this.#options.resident();
    const measure = () => {
      const growth = (this.#options.resident() - before) / count;
      this.#costs.set(kind, Math.max(growth, this.costOf(kind)));
    };
    void started.then(measure, () => {});
  }
}
