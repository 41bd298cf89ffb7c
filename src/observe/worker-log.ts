/** Logs messages of workers and output of applications, and keeps the last lines of each worker for its dead letters. */

import type { Call, LogLevel, Place, ToMain } from "../protocol/port.ts";
import type { Hide } from "../protocol/secrets.ts";
import type { LogFields } from "./log-fields.ts";
import { LogTail } from "./log-tail.ts";
import { applicationLogger, type Logger } from "./logger.ts";

export interface WorkerLogOptions {
  readonly log: Logger;
  /** Hides secrets in tail(); the log hides its own. */
  readonly hide: Hide;
}

/** Levels of the application's output. */
const LEVEL_OF = { stdout: "info", stderr: "warn" } as const;

export class WorkerLog {
  readonly #log: Logger;
  readonly #applicationLog: Logger;
  readonly #hide: Hide;
  readonly #tail = new LogTail();

  constructor({ log, hide }: WorkerLogOptions) {
    this.#log = log;
    this.#applicationLog = applicationLogger(log);
    this.#hide = hide;
  }

  /** A message about the worker, or from the code that runs the application in it. */
  said(worker: number, item: Place & { readonly error?: string }, level: LogLevel, message: string): void {
    const { error } = item;
    this.#tail.add(worker, error === undefined ? message : `${message}: ${error}`);
    this.#log[level]({ ...fieldsOf(worker, item), error }, message);
  }

  /** The worker's thread is about to end by itself. */
  crashed(worker: number, item: Extract<ToMain, { type: "crash" }>): void {
    this.said(worker, item, "error", `${item.message}; the worker is replaced`);
  }

  /** Output of the application. */
  printed(worker: number, item: Extract<ToMain, { type: "output" }>): void {
    this.#tail.add(worker, item.text);
    this.#applicationLog[LEVEL_OF[item.stream]](fieldsOf(worker, item), item.text);
  }

  /** The worker's last lines, without secrets. */
  tail(worker: number): string {
    return this.#hide(this.#tail.of(worker));
  }
}

/** The log fields of a message about a worker, the place in it, and a call from there. */
export function fieldsOf(
  worker: number,
  { scope, update_id, kind }: Place = {},
  { method, lane }: Partial<Pick<Call, "method" | "lane">> = {},
): LogFields {
  return { worker, scope, update_id, kind, method, lane };
}
