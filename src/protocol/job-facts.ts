/** Facts about heavy threads: a job that has ended, and a module at one moment. */

/** A job that has ended. Times are milliseconds. */
export interface JobFacts {
  /** Path of the module. */
  readonly module: string;
  /** Name of the exported function. */
  readonly function: string;
  /**
   * `returned`. `threw`: its error went to the caller. `aborted`: the caller gave it up. `timed_out`: its time limit was over. `crashed`:
   * its thread or child process died.
   */
  readonly outcome: JobOutcome;
  /** Time in the queue. */
  readonly wait: number;
  /** Time in the thread. */
  readonly duration: number;
}

export type JobOutcome = "returned" | "threw" | "aborted" | "timed_out" | "crashed";

export interface ModuleStatus {
  /** Path of the module. */
  readonly module: string;
  /** Jobs in threads. */
  readonly running: number;
  /** Jobs in the queue. */
  readonly waiting: number;
  readonly threads: number;
  /** Threads that have died so far. */
  readonly crashes: number;
}
