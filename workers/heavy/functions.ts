/** The functions of a module, where a heavy thread has them: in itself, or in its child process. */

import type { HeavyResult, JobTask } from "../../src/protocol/port.ts";

export interface Functions {
  /** Resolves when the module is loaded and warm. */
  readonly loaded: Promise<unknown>;
  /** Runs a job that arrives at its port. Resolves when it is over. */
  run(job: JobTask): Promise<HeavyResult>;
  /** Aborts the job's signal. @param isTold its caller has the error already, and gets no answer */
  abort(reason: Error, isTold: boolean): void;
  /** Nothing has caught an error in this thread. @returns true if the job at hand has nothing to do with it, and is to go on */
  spares(): boolean;
  /** Ends what runs outside of this thread, and the thread then. */
  kill(): void;
}
