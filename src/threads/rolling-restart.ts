/**
 * Which worker is replaced by a new one, and when: one after another, whoever asks for it.
 *
 *   reload(), a file has changed ----------------> all are due, once more if they were being replaced already
 *   settled() as many events as a worker may ----> that one is due
 *   too much memory -----------------------------> the one that has the most is due
 *   due -- its turn --> being replaced -- the new one serves --> done
 *                       being replaced -- the new one cannot start --> nothing is due any more; those that serve go on
 */

import type { WorkerReplacement } from "../protocol/worker-causes.ts";
import { MemoryWatch, type MemoryWatchOptions } from "./memory-watch.ts";
import { SourceWatch } from "./source-watch.ts";

export interface RenewalOptions {
  workers: number;
  /** Events that a worker may settle; any number without. */
  recycleAfter?: number | undefined;
  /** Puts a new worker in the place of one. Rejects where it cannot start, and when the signal is aborted before it has. */
  replace(worker: number, cause: WorkerReplacement, signal: AbortSignal): Promise<void>;
  /** Bytes that the process may have; any number without. */
  memoryLimit?: number | undefined;
  /** Bytes that each worker has, as far as it knows. */
  memory(): readonly number[];
  /** Whether to reload when a file of the application changes. */
  watchesFiles: boolean;
  log: MemoryWatchOptions["log"] & {
    info(
      fields: { worker: number } | { replaced: number[]; took: number } | { files: string[] },
      message: string,
    ): void;
    error(fields: { worker?: number; error: string }, message: string): void;
  };
}

export class Renewal {
  readonly #options: RenewalOptions;
  readonly #all: readonly number[];
  readonly #due = new Map<number, WorkerReplacement>();
  /** How many events each worker may still settle. */
  readonly #left: number[];
  readonly #memoryWatch: MemoryWatch | undefined;
  readonly #sourceWatch: SourceWatch | undefined;
  /** Gives up the worker that is about to start. */
  #attempt = new AbortController();
  #work: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: RenewalOptions) {
    const { workers, recycleAfter = Number.POSITIVE_INFINITY, memoryLimit, watchesFiles } = options;
    this.#options = options;
    this.#all = Array.from({ length: workers }, (_, worker) => worker);
    // Their turns come at different times, as they would all come at once if the first ones were as long as the rest.
    this.#left = this.#all.map((worker) => Math.ceil((recycleAfter * (workers - worker)) / workers));
    this.#memoryWatch = memoryLimit === undefined ? undefined : this.#watchMemory(memoryLimit);
    this.#sourceWatch = watchesFiles ? this.#watchFiles() : undefined;
  }

  /**
   * Replaces every worker; resolves when all have been. Where it is asked for again meanwhile, it begins anew.
   * @throws ApplicationLoadError | StartupFailedError | WorkerError where one cannot start: it ends there
   */
  reload(): Promise<void> {
    // What is about to start may have imported files as they were before.
    this.#attempt.abort();
    return this.#replace(this.#all, "reload");
  }

  settled(worker: number, count: number): void {
    this.#left[worker]! -= count;
    if (this.#left[worker]! > 0 || this.#isStopped) return;
    const { recycleAfter, log } = this.#options;
    this.#left[worker] = recycleAfter!;
    log.info({ worker }, `the worker has settled its ${recycleAfter} events and is recycled`);
    void this.#recycle(worker, "recycle-after");
  }

  /** The application is made of that file, too. */
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
      recycle: (worker) => this.#recycle(worker, "memory-limit"),
      log: this.#options.log,
    });
  }

  #watchFiles(): SourceWatch {
    const { log } = this.#options;
    return new SourceWatch({
      onChange: (files) => {
        log.info({ files }, "the application has changed; reloading it");
        // Where that fails, the log has it.
        this.reload().catch(() => {});
      },
      onError: ({ message }) => log.error({ error: message }, "the application's files cannot be watched"),
    });
  }

  /** Replaces one worker, in its turn; resolves when it has been, or cannot be. */
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
    // A Map's iteration comes to what is added while it runs.
    try {
      for (const [worker, cause] of this.#due) {
        this.#due.delete(worker);
        if (await this.#replaceOne(worker, cause)) replaced.add(worker);
      }
    } finally {
      // At once: what becomes due from now on is not ours any more.
      this.#work = undefined;
    }
    const took = Math.round(performance.now() - began);
    if (!this.#isStopped) this.#options.log.info({ replaced: [...replaced], took }, "workers have been replaced");
  }

  /** @returns false if that was given up, since all are due again or none is. */
  async #replaceOne(worker: number, cause: WorkerReplacement): Promise<boolean> {
    this.#attempt = new AbortController();
    const { signal } = this.#attempt;
    try {
      await this.#options.replace(worker, cause, signal);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      this.#due.clear();
      const message = "a worker could not be replaced; those that serve go on with the code that they have";
      this.#options.log.error({ worker, error: explain(error as Error) }, message);
      throw error;
    }
  }
}

/** An application that cannot be started comes with the stack of its own error. */
function explain({ message, cause }: Error): string {
  return typeof cause === "string" ? `${message}\n${cause}` : message;
}
