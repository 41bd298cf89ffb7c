/**
 * Which worker is replaced by a new one, and when: one after another, whoever asks for it.
 *
 *   reload() -----> all are due, once more if they were being replaced already
 *   recycle() ----> that one is due
 *   settled() ----> the same, where it has settled as many events as a worker may
 *   due -- its turn --> being replaced -- the new one serves --> done
 *                       being replaced -- the new one cannot start --> nothing is due any more; those that serve go on
 */

import type { AsgigramError } from "../protocol/errors.ts";

export interface RenewalOptions {
  workers: number;
  /** Events that a worker may settle; any number without. */
  recycleAfter?: number | undefined;
  /** Puts a new worker in the place of one. Rejects where it cannot start, and when the signal is aborted before it has. */
  replace(worker: number, signal: AbortSignal): Promise<void>;
  log: {
    info(fields: { worker: number } | { replaced: number[]; took: number }, message: string): void;
    error(fields: { worker: number; error: string }, message: string): void;
  };
}

export class Renewal {
  readonly #options: RenewalOptions;
  readonly #all: readonly number[];
  readonly #due = new Set<number>();
  /** How many events each worker may still settle. */
  readonly #left: number[];
  /** Gives up the worker that is about to start. */
  #attempt = new AbortController();
  #work: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: RenewalOptions) {
    const { workers, recycleAfter = Number.POSITIVE_INFINITY } = options;
    this.#options = options;
    this.#all = Array.from({ length: workers }, (_, worker) => worker);
    // Their turns come at different times, as they would all come at once if the first ones were as long as the rest.
    this.#left = this.#all.map((worker) => Math.ceil((recycleAfter * (workers - worker)) / workers));
  }

  /**
   * Replaces every worker; resolves when all have been. Where it is asked for again meanwhile, it begins anew.
   * @throws ApplicationLoadError | StartupFailedError | WorkerError where one cannot start; nothing else has changed then
   */
  reload(): Promise<void> {
    // What is about to start may have imported files as they were before.
    this.#attempt.abort();
    return this.#replace(this.#all);
  }

  /** Replaces one worker, in its turn; resolves when it has been, or cannot be. */
  recycle(worker: number): Promise<void> {
    return this.#replace([worker]).catch(() => {});
  }

  settled(worker: number, count: number): void {
    this.#left[worker]! -= count;
    if (this.#left[worker]! > 0) return;
    const { recycleAfter, log } = this.#options;
    this.#left[worker] = recycleAfter!;
    log.info({ worker }, `the worker has settled its ${recycleAfter} events and is recycled`);
    void this.recycle(worker);
  }

  /** Replaces nothing from now on. */
  stop(): void {
    this.#isStopped = true;
    this.#due.clear();
    this.#attempt.abort();
  }

  #replace(workers: readonly number[]): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    for (const worker of workers) this.#due.add(worker);
    this.#work ??= this.#replaceThoseDue().finally(() => {
      this.#work = undefined;
    });
    return this.#work;
  }

  async #replaceThoseDue(): Promise<void> {
    const began = performance.now();
    const replaced = new Set<number>();
    // A Set's iteration comes to what is added while it runs.
    for (const worker of this.#due) {
      this.#due.delete(worker);
      if (await this.#replaceOne(worker)) replaced.add(worker);
    }
    const took = Math.round(performance.now() - began);
    if (!this.#isStopped) this.#options.log.info({ replaced: [...replaced], took }, "workers have been replaced");
  }

  /** @returns false if that was given up, since all are due again or none is. */
  async #replaceOne(worker: number): Promise<boolean> {
    this.#attempt = new AbortController();
    const { signal } = this.#attempt;
    try {
      await this.#options.replace(worker, signal);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      this.#due.clear();
      const message = "a worker could not be replaced; those that serve go on with the code that they have";
      this.#options.log.error({ worker, error: explain(error as AsgigramError) }, message);
      throw error;
    }
  }
}

/** An application that cannot be started comes with the stack of its own error. */
function explain({ message, cause }: Error): string {
  return typeof cause === "string" ? `${message}\n${cause}` : message;
}
