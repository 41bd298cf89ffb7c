/** Exit codes of asgigram, by the `code` of the error. */

import type * as errors from "../protocol/errors.ts";

/** The `code` of every error that can end the process. */
type Code = Extract<InstanceType<(typeof errors)[Exclude<keyof typeof errors, "AsgigramError">]>, Error>["code"];

export interface ExitCode {
  readonly exit: number;
  readonly meaning: string;
  readonly codes: readonly Code[];
}

/** Exit code of a process that SIGKILL ended. */
export const KILLED = 137;

export const EXIT_CODES: readonly ExitCode[] = [
  { exit: 0, meaning: "The server stopped on a signal, or the command succeeded", codes: [] },
  { exit: 1, meaning: "Unexpected failure: please report it; for `asgigram health`: not healthy", codes: [] },
  {
    exit: 2,
    meaning: "Wrong command line, environment variable or configuration file; or Node.js is too old",
    codes: ["ASGIGRAM_CONFIG"],
  },
  {
    exit: 3,
    meaning: "The application cannot be loaded or does not start, or its workers keep dying",
    codes: ["ASGIGRAM_APPLICATION_LOAD", "ASGIGRAM_STARTUP_FAILED", "ASGIGRAM_WORKER"],
  },
  {
    exit: 4,
    meaning: "Telegram refuses: the token is unknown, or another process or a webhook receives the bot's updates",
    codes: ["ASGIGRAM_TOKEN_REJECTED", "ASGIGRAM_CONFLICT", "ASGIGRAM_TELEGRAM"],
  },
  {
    exit: 5,
    meaning: "The inbox cannot be opened, read or written, another process uses it, or it has no such dead letter",
    codes: ["ASGIGRAM_INBOX"],
  },
  {
    exit: 6,
    meaning: "The address to listen on is in use, or does not belong to this machine",
    codes: ["ASGIGRAM_LISTEN"],
  },
  {
    exit: 7,
    meaning: "Of `asgigram check`: Telegram cannot be reached. A server waits for it",
    codes: ["ASGIGRAM_NETWORK"],
  },
  {
    exit: KILLED,
    meaning: "The process was killed: by the system, or by itself because a thread could not be ended",
    codes: ["ASGIGRAM_THREAD_STUCK"],
  },
];

/** The exit code for an error; 1 for an error that is not asgigram's. */
export function exitCodeFor(error: unknown): number {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return EXIT_CODES.find(({ codes }) => (codes as readonly unknown[]).includes(code))?.exit ?? 1;
}
