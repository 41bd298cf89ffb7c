/** Makes jobs in heavy threads: the client's side of a jobs port. */

import type { Transferable } from "node:worker_threads";
import type { DisconnectedError } from "./errors.ts";
import type { ModuleOptions } from "./port.ts";

export interface Jobs {
  /** Names a module, so that it is loaded before the first event. */
  declare(module: string, options: ModuleOptions): void;
  /** Starts a job. Its promise is also an async iterator, for functions that are generators. */
  run(module: string, name: string, args: unknown[], options: RunOptions): JobHandle;
  /** The value of the module's default export, which runs once a server. */
  share(module: string): Promise<unknown>;
  /**
   * Resolves when all modules that were named so far are loaded.
   * @throws ApplicationLoadError if one could not be loaded
   */
  loaded(): Promise<void>;
}

export interface JobOptions {
  /** Gives the job up when it is aborted. Default: the signal of the event whose code runs. */
  readonly signal?: AbortSignal;
  /** Longest run, without the wait for a thread: ms. Default: no limit. */
  readonly timeout?: number;
}

export interface RunOptions extends JobOptions {
  /** Buffers in the arguments that are moved instead of copied. */
  readonly transfer?: readonly Transferable[];
}

export type JobHandle = Promise<unknown> & AsyncGenerator<unknown>;

/** The event whose code makes a job. */
export interface JobOrigin {
  /** Gives up the event's jobs when it is aborted. */
  readonly jobSignal: AbortSignal;
  /** Its scope: jobs of one scope start in order, and scopes take turns. */
  readonly line: string;
  /** Stops the event's clock while the job waits for a thread. */
  pause(): void;
  resume(): void;
  /** The event has made a job. */
  made(job: EventJob): void;
  /** The event's code is about to go on with an answer. */
  goesOn(): void;
  /** A job of the event was rejected because the event is to be given up. */
  jobStopped(reason: DisconnectedError): void;
}

/** A job, as its event has it. */
export interface EventJob {
  /** Resolves when the job is over. */
  readonly over: Promise<void>;
  /** Asks for the number of jobs that start before it. */
  ahead(): Promise<number>;
  /** The event is over. */
  leave(): void;
  /** The event's instance is dropped: a job that waits is given up, and one that runs is told. */
  stop(reason: DisconnectedError): void;
}
