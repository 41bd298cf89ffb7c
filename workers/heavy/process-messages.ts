/** The messages between a heavy thread and its child process. A child process runs one job at a time. */

import type { ErrorData, FromJob, HeavyPlace, HeavyResult, StartFailure, ToJob } from "../../src/protocol/port.ts";

export type ToChild =
  /** Comes first. */
  | ({ type: "load" } & Pick<HeavyPlace, "module" | "name" | "watch" | "imports">)
  /** Begins a job; its arguments follow. */
  | { type: "job"; name: string }
  | { type: "to-job"; message: ToJob }
  | { type: "abort"; reason: ErrorData; isTold: boolean }
  /** The caller is gone. */
  | { type: "leave" };

export type FromChild =
  | { type: "imported"; file: string }
  | { type: "loaded" }
  | { type: "unloaded"; error: StartFailure }
  | { type: "from-job"; message: FromJob }
  /** The job is over. */
  | { type: "over"; result: HeavyResult };
