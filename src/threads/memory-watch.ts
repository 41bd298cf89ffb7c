/**
 * Keeps the process below a limit of memory: above it, the worker that has the most is replaced by a new one, before whatever
 * limits the process kills it as a whole.
 *
 *   below -- more than the limit --> above: one worker after another is recycled, with a pause between
 *   above -- less than the limit --> below
 *   above -- every worker has been recycled, and they have grown much since --> again, the most grown first
 *   above -- every worker has been recycled, and that is no use --> given up, which is said once
 */

export interface MemoryWatchOptions {
  /** Bytes. */
  limit: number;
  /** Bytes that the process has. */
  resident(): number;
  /** Bytes that each worker has, as far as it knows. */
  ofWorkers(): readonly number[];
  /** Resolves when the worker has been replaced, or cannot be. */
  recycle(worker: number): Promise<void>;
  log: {
    warn(fields: Figures & { worker: number }, message: string): void;
    error(fields: Figures, message: string): void;
  };
}

/** Megabytes. */
interface Figures {
  resident: number;
  limit: number;
  memory: number[];
}

/** How often to look: ms. */
const PERIOD = 1000;
/** After a worker has been replaced it is to be seen what that has brought: so many looks later another one may be. */
const PAUSE = 15;
/** What workers that have been recycled already must have grown by, together, to be so again: of the limit. */
const LEAK = 1 / 4;

export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  readonly #timer: NodeJS.Timeout;
  /** Those recycled since it was below last, with the bytes that each had when it was new; none as long as that is not known. */
  readonly #recycled = new Map<number, number>();
  /** Whether the last look found it above. What workers tell of themselves may be as old as the look before. */
  #wasAbove = false;
  #isGivenUp = false;
  /** Looks without a consequence. */
  #pause = 0;

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
      this.#recycled.clear();
      this.#isGivenUp = false;
    } else if (this.#wasAbove && this.#pause <= 0) this.#act(resident);
    this.#wasAbove = isAbove;
  }

  #act(resident: number): void {
    const { limit, ofWorkers, log } = this.#options;
    const sizes = ofWorkers();
    const figures = {
      resident: megabytes(resident),
      limit: megabytes(limit),
      memory: sizes.map(megabytes),
    };
    const [largest] = this.#candidates(sizes);
    if (largest !== undefined) {
      log.warn(
        { worker: largest, ...figures },
        "above --memory-limit: the worker that has the most memory is recycled",
      );
      return this.#recycle(largest);
    }
    if (this.#isGivenUp) return;
    this.#isGivenUp = true;
    log.error(
      figures,
      "new workers do not bring the process below --memory-limit: it is too low, or the leak is elsewhere",
    );
  }

  /** Whom it may help to recycle, those first that it helps most. */
  #candidates(sizes: readonly number[]): number[] {
    const growth = sizes.map((size, worker) => size - (this.#recycled.get(worker) ?? 0));
    const byGrowth = [...sizes.keys()].sort((one, other) => growth[other]! - growth[one]!);
    const untried = byGrowth.filter((worker) => !this.#recycled.has(worker));
    if (untried.length > 0) return untried;
    const isLeaking = growth.reduce((sum, bytes) => sum + bytes, 0) >= this.#options.limit * LEAK;
    return isLeaking ? byGrowth : [];
  }

  /** A new worker tells what it has with its first beat. */
  #measureNewOnes(): void {
    if (this.#recycled.size === 0 || this.#pause === Number.POSITIVE_INFINITY) return;
    const sizes = this.#options.ofWorkers();
    for (const [worker, size] of this.#recycled) if (size === 0) this.#recycled.set(worker, sizes[worker]!);
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
