/**
 * Keeps the process below a memory limit: above it, idle heavy threads end, and then the largest worker is replaced by a new one,
 * before the system kills the whole process.
 *
 *   below -- more than the limit --> above: idle heavy threads end, one with each look
 *   above -- no heavy thread is idle --> one worker after another is recycled, with a pause in between
 *   above -- less than the limit --> below
 *   above -- every worker was recycled, and they have grown much since --> again, the most grown first
 *   above -- every worker was recycled, without effect --> given up, with one line in the log
 */

export interface MemoryWatchOptions {
  /** Bytes. */
  limit: number;
  /** Resident bytes of the process. */
  resident(): number;
  ofWorkers(): readonly WorkerMemory[];
  /** Ends an idle heavy thread. @returns false if there is none */
  shrink(): boolean;
  /** Resolves when the worker is replaced, or cannot be. */
  recycle(worker: number): Promise<void>;
  log: {
    warn(fields: Figures & { worker: number }, message: string): void;
    error(fields: Figures, message: string): void;
  };
}

export interface WorkerMemory {
  /** Bytes that the worker takes: those that it reported last, or what it took to start. */
  readonly bytes: number;
  /** Milliseconds since that report. */
  readonly age: number;
  /** Milliseconds since the worker's start. */
  readonly lifetime: number;
}

/** Megabytes. */
interface Figures {
  resident: number;
  limit: number;
  memory: number[];
}

/** Pause between two looks: ms. */
const PERIOD = 1000;
/** Looks after a worker was replaced, before another one may be: the effect has to show first. */
const PAUSE = 15;
/** Looks that wait for a new report of a worker that is too busy to give one. */
const PATIENCE = 5;
/** Growth of all recycled workers together at which they are recycled again: of the limit. */
const LEAK = 1 / 4;

export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  readonly #timer: NodeJS.Timeout;
  /** Workers recycled since the process was last below, with the bytes that each had when it was new; 0 until that is known. */
  readonly #recycled = new Map<number, number>();
  /** True if the last look found the process above the limit. */
  #wasAbove = false;
  #isGivenUp = false;
  /** Looks left without a consequence. */
  #pause = 0;
  /** Looks in a row that waited for reports. */
  #waits = 0;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), PERIOD).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#pause -= 1;
    const resident = this.#options.resident();
    this.#measureNewOnes();
    const isAbove = resident >= this.#options.limit;
    if (!isAbove) {
      // While a worker is replaced, the process may have one worker less.
      if (this.#pause !== Number.POSITIVE_INFINITY) this.#recycled.clear();
      this.#isGivenUp = false;
      this.#waits = 0;
    } else if (this.#wasAbove && this.#pause <= 0) this.#act(resident);
    this.#wasAbove = isAbove;
  }

  #act(resident: number): void {
    const { limit, ofWorkers, shrink, log } = this.#options;
    if (shrink()) return;
    const workers = ofWorkers();
    // A worker that allocates in one turn of its loop has not reported it yet: another one would be blamed.
    this.#waits = workers.some(({ age }) => age > 2 * PERIOD) ? this.#waits + 1 : 0;
    if (this.#waits > 0 && this.#waits <= PATIENCE) return;
    const sizes = workers.map(({ bytes }) => bytes);
    const figures = {
      resident: megabytes(resident),
      limit: megabytes(limit),
      memory: sizes.map(megabytes),
    };
    const [largest] = this.#candidates(workers);
    if (largest !== undefined) {
      log.warn({ worker: largest, ...figures }, "above --memory-limit: the largest worker is recycled");
      return this.#recycle(largest);
    }
    if (this.#isGivenUp) return;
    this.#isGivenUp = true;
    log.error(
      figures,
      "new workers do not bring the process below --memory-limit: it is too low, or the leak is elsewhere",
    );
  }

  /** Workers that are worth recycling, the best first. What native code allocates has no name on it: of equals the oldest may have most. */
  #candidates(workers: readonly WorkerMemory[]): number[] {
    const growth = workers.map(({ bytes }, worker) => bytes - (this.#recycled.get(worker) ?? 0));
    const lifetimes = workers.map(({ lifetime }) => lifetime);
    const byGrowth = [...workers.keys()].sort(
      (one, other) => growth[other]! - growth[one]! || lifetimes[other]! - lifetimes[one]!,
    );
    const untried = byGrowth.filter((worker) => !this.#recycled.has(worker));
    if (untried.length > 0) return untried;
    const isLeaking = growth.reduce((sum, bytes) => sum + bytes, 0) >= this.#options.limit * LEAK;
    return isLeaking ? byGrowth : [];
  }

  /** A new worker reports its memory with its first beat. */
  #measureNewOnes(): void {
    if (this.#recycled.size === 0 || this.#pause === Number.POSITIVE_INFINITY) return;
    const sizes = this.#options.ofWorkers();
    for (const [worker, size] of this.#recycled) if (size === 0) this.#recycled.set(worker, sizes[worker]!.bytes);
  }

  #recycle(worker: number): void {
    this.#recycled.set(worker, 0);
    this.#pause = Number.POSITIVE_INFINITY;
    void this.#options.recycle(worker).then(() => {
      this.#pause = PAUSE;
    });
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
