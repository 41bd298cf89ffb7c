/** The parts of the process that commands use. Tests pass parts of their own. */

import type { Sources, Values } from "../config/sources.ts";
import type { Typed } from "./command-line.ts";

export interface Context {
  /** The words after `asgigram`. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The working directory. */
  readonly cwd: string;
  readonly stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  readonly stderr: NodeJS.WritableStream;
  /** Prints to `stdout` (`log`) and `stderr` (`error`). */
  readonly console: Pick<Console, "log" | "error">;
  /** Emits signals and uncaught errors. */
  readonly events: Pick<NodeJS.EventEmitter, "on">;
  /** Takes the lines of the log; by default they go to standard error at once, past the stream. */
  readonly writeLog?: (line: string) => void;
}

export function processContext(): Context {
  const { argv, env, stdin, stdout, stderr } = process;
  return { argv: argv.slice(2), env, cwd: process.cwd(), stdin, stdout, stderr, console, events: process };
}

/** @param options set by the command itself */
export function sourcesOf({ flags, presets, defaults }: Typed, { env, cwd }: Context, options: Values = {}): Sources {
  return { flags, options: { ...presets, ...options }, env, cwd, defaults };
}
