/**
 * Decides which worker is replaced by a new one, and when: one worker at a time.
 *
 *   reload(), a file has changed ---------------> all are due, again if they are being replaced
 *   settled() the last event of its allowance --> that worker is due
 *   too much memory ----------------------------> the largest worker is due
 *   due -- its turn --> being replaced -- the new one serves --> done
 *                       being replaced -- the new one cannot start --> none is due any more; the old ones go on
 */

import { explain } from "../protocol/explain.ts";
import type { WorkerReplacement } from "../protocol/worker-causes.ts";
import { MemoryWatch, type MemoryWatchOptions, type WorkerMemory } from "./memory-watch.ts";
import { SourceWatch } from "./source-watch.ts";

export interface RollingRestartOptions {
  workers: number;
  /** Events that a worker may settle; Infinity for any number. */
  recycleAfter: number;
  /** Bytes that the process may have; Infinity for any number. */
  memoryLimit: number;
  /** True to reload when a file of the application changes. */
  watchesFiles: boolean;
  /** Replaces one worker. Rejects if the new one cannot start, or the signal is aborted before it has. */
  replace(worker: number, cause: WorkerReplacement, signal: AbortSignal): Promise<void>;
  /** False if the worker had to end before its replacement started. */
  isUp(worker: number): boolean;
  memory(): readonly WorkerMemory[];
  /** Ends an idle heavy thread. @returns false if there is none */
  shrink(): boolean;
  log: MemoryWatchOptions["log"] & {
    info(
      fields: { worker: number } | { replaced: number[]; took: number } | { files: string[] },
      message: string,
    ): void;
    error(fields: { worker?: number; error: string }, message: string): void;
  };
}

export class RollingRestart {
  readonly #options: RollingRestartOptions;
  #all: readonly number[];
  readonly #due = new Map<number, WorkerReplacement>();
  /** Events that each worker may still settle. */
  readonly #left: number[];
  #memoryWatch: MemoryWatch | undefined;
  #sourceWatch: SourceWatch | undefined;
  /** Gives up the worker that is about to start. */
  #attempt = new AbortController();
  #work: Promise<void> | undefined;
  #reloads = 0;
  /** The worker that could not be replaced last, and the reason. */
  #failed: { worker: number; reason: string } | undefined;
  #isStopped = false;

  constructor(options: RollingRestartOptions) {
    const { workers, recycleAfter } = options;
    this.#options = options;
    this.#all = Array.from({ length: workers }, (_, worker) => worker);
    // The first allowances differ, or all workers would be due at the same time.
    this.#left = this.#all.map((worker) => Math.ceil((recycleAfter * (workers - worker)) / workers));
  }

  /** Number of reloads so far, those that failed included. */
  get reloads(): number {
    return this.#reloads;
  }

  /** The error for which the last worker could not be replaced; undefined if it was. */
  get failure(): string | undefined {
    return this.#failed?.reason;
  }

  /** Only the first workers exist. */
  keepFirst(workers: number): void {
    this.#all = this.#all.slice(0, workers);
  }

  /** A new worker of that number serves. */
  served(worker: number): void {
    if (this.#failed?.worker === worker) this.#failed = undefined;
  }

  /** Begins to watch memory and files, as far as the options want it. Imported files may be reported from now on. */
  start(): void {
    const { memoryLimit, watchesFiles } = this.#options;
    if (watchesFiles) this.#sourceWatch = this.#watchFiles();
    if (memoryLimit !== Number.POSITIVE_INFINITY) this.#memoryWatch = this.#watchMemory(memoryLimit);
  }

  /**
   * Replaces every worker; resolves when all are replaced. Another call meanwhile makes it begin anew.
   * @throws ApplicationLoadError | StartupFailedError | WorkerError if one cannot start: it ends there
   */
  reload(): Promise<void> {
    // The worker that is about to start may have imported files as they were before.
    this.#attempt.abort();
    this.#reloads += 1;
    return this.#replace(this.#all, "reload");
  }

  settled(worker: number, count: number): void {
    this.#left[worker]! -= count;
    if (this.#left[worker]! > 0 || this.#isStopped) return;
    const { recycleAfter, log } = this.#options;
    this.#left[worker] = recycleAfter;
    log.info({ worker }, `the worker has settled its ${recycleAfter} events and is recycled`);
    void this.#recycle(worker, "recycle-after");
  }

  /** The application imports that file. */
  imported(file: string): void {
    void this.#sourceWatch?.add(file);
  }

  /** Replaces nothing from now on. Resolves when nothing is watched any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#due.clear();
    this.#attempt.abort();
    this.#memoryWatch?.stop();
    await this.#sourceWatch?.close();
  }

  #watchMemory(limit: number): MemoryWatch {
    return new MemoryWatch({
      limit,
      resident: () => process.memoryUsage.rss(),
      ofWorkers: this.#options.memory,
      shrink: this.#options.shrink,
      recycle: (worker) => this.#recycle(worker, "memory-limit"),
      log: this.#options.log,
    });
  }

  #watchFiles(): SourceWatch {
    const { log } = this.#options;
    return new SourceWatch({
      onChange: (files) => {
        log.info({ files }, "the application has changed; reloading it");
        // The log has the reason if that fails.
        this.reload().catch(() => {});
      },
      onError: ({ message }) => log.error({ error: message }, "the application's files cannot be watched"),
    });
  }

  /** Replaces one worker in its turn; resolves when it is replaced, or cannot be. */
  #recycle(worker: number, cause: WorkerReplacement): Promise<void> {
    return this.#replace([worker], cause).catch(() => {});
  }

  #replace(workers: readonly number[], cause: WorkerReplacement): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    for (const worker of workers) this.#due.set(worker, cause);
    this.#work ??= this.#replaceThoseDue();
    return this.#work;
  }

  async #replaceThoseDue(): Promise<void> {
    const began = performance.now();
    const replaced = new Set<number>();
    // A Map's iteration comes to entries that are added while it runs.
    try {
      for (const [worker, cause] of this.#due) {
        this.#due.delete(worker);
        if (await this.#replaceOne(worker, cause)) replaced.add(worker);
      }
    } finally {
      // At once: a worker that becomes due from now on needs a new round.
      this.#work = undefined;
    }
    const took = Math.round(performance.now() - began);
    if (!this.#isStopped) this.#options.log.info({ replaced: [...replaced], took }, "workers have been replaced");
  }

  /** @returns false if the attempt was given up, since all are due again or none is */
  async #replaceOne(worker: number, cause: WorkerReplacement): Promise<boolean> {
    this.#attempt = new AbortController();
    const { signal } = this.#attempt;
    try {
      await this.#options.replace(worker, cause, signal);
      this.#failed = undefined;
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      this.#due.clear();
      this.#failed = { worker, reason: (error as Error).message };
      const message = this.#options.isUp(worker)
        ? "a worker could not be replaced; those that serve go on with the code that they have"
        : "the new code does not start, and the worker is down: it is tried again after a pause, and at once by a reload";
      this.#options.log.error({ worker, error: explain(error as Error) }, message);
      throw error;
    }
  }
}
