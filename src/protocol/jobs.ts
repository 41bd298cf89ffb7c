/** Makes jobs in heavy threads: the client's side of a jobs port. */

import type { ModuleOptions } from "./port.ts";

export interface Jobs {
  /** Names a module, so that it is loaded before the first event. */
  declare(module: string, options: ModuleOptions): void;
  /** Starts a job. Its promise is also an async iterator, for functions that are generators. */
  run(module: string, name: string, args: unknown[], options: JobOptions): Job;
  /** The value of the module's default export, which runs once a server. */
  share(module: string): Promise<unknown>;
  /**
   * Resolves when all modules that were named so far are loaded.
   * @throws ApplicationLoadError if one could not be loaded
   */
  loaded(): Promise<void>;
}

export interface JobOptions {
  /** Gives the job up; by default the signal of the event whose code runs. */
  readonly signal?: AbortSignal;
  /** Longest run, without the wait: ms. */
  readonly timeout?: number;
}

export type Job = Promise<unknown> & AsyncGenerator<unknown>;
