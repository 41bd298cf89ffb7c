/** The parts of the process that commands use. Tests pass parts of their own. */

import { Console } from "node:console";
import type { Writable } from "node:stream";
import { environmentOf } from "../config/options.ts";
import { findOwnToken } from "../config/own-token.ts";
import type { Sources, Values } from "../config/sources.ts";
import { standardError } from "../observe/standard-error.ts";
import type { Typed } from "./command-line.ts";

export interface Context {
  /** The words after `asgigram`. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The working directory. */
  readonly cwd: string;
  readonly stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  readonly stdout: Writable & { isTTY?: boolean; columns?: number };
  readonly stderr: Writable;
  /** Prints to `stdout` (`log`) and `stderr` (`error`). */
  readonly console: Pick<Console, "log" | "error">;
  /** Emits signals and uncaught errors. */
  readonly events: Pick<NodeJS.EventEmitter, "on">;
  /** Takes the lines of the log; by default they go to standard error. */
  readonly writeLog?: (line: string) => void;
}

export function processContext(): Context {
  const { argv, env, stdin, stdout } = process;
  const stderr = standardError();
  const { error } = new Console(stdout, stderr);
  return {
    argv: argv.slice(2),
    env,
    cwd: process.cwd(),
    stdin,
    stdout,
    stderr,
    console: { log: console.log, error },
    events: process,
  };
}

/**
 * The sources of a command's options. Takes the token out of the environment, which process.report shows to every thread.
 * @param options set by the command itself
 */
export function sourcesOf({ flags, presets, defaults }: Typed, { env, cwd }: Context, options: Values = {}): Sources {
  const sources = {
    flags,
    options: { ...presets, ...options },
    env: { ...env },
    cwd,
    ownToken: findOwnToken(env, cwd),
    defaults,
  };
  delete env[environmentOf("token")];
  return sources;
}
