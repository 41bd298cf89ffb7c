/** The exit codes of asgigram: an error's `code` decides. */

import type * as errors from "../protocol/errors.ts";

/** The `code` of every error that can end the process. */
type Code = Extract<InstanceType<(typeof errors)[Exclude<keyof typeof errors, "AsgigramError">]>, Error>["code"];

export interface ExitCode {
  readonly exit: number;
  readonly meaning: string;
  readonly codes: readonly Code[];
}

export const EXIT_CODES: readonly ExitCode[] = [
  { exit: 0, meaning: "It was told to stop, and did; or what was asked for was shown or done", codes: [] },
  { exit: 1, meaning: "An unexpected failure: please report it; for `asgigram health`: not healthy", codes: [] },
  {
    exit: 2,
    meaning: "The command line, a variable or the configuration file is wrong, or Node.js is too old",
    codes: ["ASGIGRAM_CONFIG"],
  },
  {
    exit: 3,
    meaning: "The application cannot be loaded or did not start, or its workers cannot be kept running",
    codes: ["ASGIGRAM_APPLICATION_LOAD", "ASGIGRAM_STARTUP_FAILED", "ASGIGRAM_WORKER"],
  },
  {
    exit: 4,
    meaning: "Telegram refuses: it does not know the token, or somebody else takes the bot's updates",
    codes: ["ASGIGRAM_TOKEN_REJECTED", "ASGIGRAM_CONFLICT", "ASGIGRAM_TELEGRAM"],
  },
  {
    exit: 5,
    meaning: "The inbox cannot be opened, read or written, another process holds it, or it has no such dead letter",
    codes: ["ASGIGRAM_INBOX"],
  },
  { exit: 6, meaning: "The address to listen on is in use or not ours", codes: ["ASGIGRAM_LISTEN"] },
  { exit: 7, meaning: "Telegram cannot be reached", codes: ["ASGIGRAM_NETWORK"] },
];

/** The exit code for an error; 1 for those that are not asgigram's. */
export function exitCodeFor(error: unknown): number {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return EXIT_CODES.find(({ codes }) => (codes as readonly unknown[]).includes(code))?.exit ?? 1;
}
