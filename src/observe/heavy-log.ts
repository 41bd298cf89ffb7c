/** Logs messages and output of heavy threads, with the name of their module. */

import type { LogLevel } from "../protocol/port.ts";
import { applicationLogger, type Logger } from "./logger.ts";

/** Levels of the application's output. */
const LEVEL_OF = { stdout: "info", stderr: "warn" } as const;

export class HeavyLog {
  readonly #log: Logger;
  readonly #applicationLog: Logger;

  constructor(log: Logger) {
    this.#log = log;
    this.#applicationLog = applicationLogger(log);
  }

  /** A message about a heavy thread. */
  said(module: string, level: LogLevel, message: string, error?: string): void {
    this.#log[level]({ module, error }, message);
  }

  /** Output of the module. */
  printed(module: string, stream: "stdout" | "stderr", text: string): void {
    this.#applicationLog[LEVEL_OF[stream]]({ module }, text);
  }
}
