/** The server's log: pino, with lines of JSON or, for people, in colour. It goes to standard error, without secrets. */

import { createRequire } from "node:module";
import { isatty } from "node:tty";
import pino from "pino";
import type { Hide } from "../protocol/secrets.ts";
import { escaped } from "../protocol/unprintable.ts";
import type { LogFields } from "./log-fields.ts";
import { LogOutput } from "./log-output.ts";
import { standardError } from "./standard-error.ts";

export type Level = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** Logs a message, with the fields to search it by. */
type Say = ((message: string) => void) & ((fields: LogFields, message: string) => void);

/** The part of a pino logger that this server uses. */
export interface Logger extends Readonly<Record<Level, Say>> {
  level: Level | "silent";
  isLevelEnabled(level: Level): boolean;
  child(bindings: object, options: { level: Level | "silent" }): Logger;
  /** Called when the level of this logger or of one of its children has changed: `logger` is that logger. */
  on(event: "level-change", listener: (...change: [...from: unknown[], logger: Logger]) => void): unknown;
}

export interface LoggerOptions {
  level: Level | "silent";
  format: "auto" | "pretty" | "json";
  hide: Hide;
  /** Writes a line that ends in a line feed. Default: to standard error, without waiting for its reader. */
  write?: ((line: string) => void) | undefined;
}

const STDERR = 2;

export function createLogger({ level, format, hide, write }: LoggerOptions): Logger {
  const show = formatter(format);
  const output =
    write ??
    toStandardError((lines) => {
      log.error({ lines }, "lines of the log were dropped: standard error was not read");
    });
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    { write: (line) => output(hide(show(line))) },
  ) as Logger;
  return log;
}

/** The logger for applications' output: it logs at every level of the server's log but `silent`. */
export function applicationLogger(log: Logger): Logger {
  const level = () => (log.level === "silent" ? "silent" : "info");
  const child = log.child({}, { level: level() });
  onLevelChange(log, () => {
    child.level = level();
  });
  return child;
}

/**
 * Moves to the next level: from the configured one to debug, to trace, and back.
 * @param configured the level at the start
 */
export function turnLevel(log: Logger, configured: Level | "silent"): void {
  const turn = [...new Set([configured, "debug", "trace"] as const)];
  const before = log.level;
  const level = turn[(turn.indexOf(before) + 1) % turn.length]!;
  // One of the two levels is debug or trace. The message is logged at that level.
  if (!log.isLevelEnabled("debug")) log.level = level;
  log.info(`the log level is now ${level}, it was ${before}`);
  log.level = level;
}

/** Calls `changed` when the level of this logger has changed, but not for its children. */
export function onLevelChange(log: Logger, changed: () => void): void {
  log.on("level-change", (...change) => {
    if (change.at(-1) === log) changed();
  });
}

/**
 * A reader that keeps up gets each line at once: none is lost with a process that is killed, and none waits in libuv's pool.
 * @param onGap is told how many lines were dropped
 */
function toStandardError(onGap: (lines: number) => void): (line: string) => void {
  const output = new LogOutput(standardError(), onGap);
  return (line) => output.write(line);
}

/** No text in a line can change the terminal or begin a line of its own. */
function formatter(format: LoggerOptions["format"]): (line: string) => string {
  const isTerminal = isatty(STDERR);
  // The line is JSON: the line feed at its end is the only one.
  if (format === "json" || (format === "auto" && !isTerminal)) return (line) => escaped(line, "\n");
  // Thirty files that a log of JSON does not need.
  const { prettyFactory } = createRequire(import.meta.url)("pino-pretty") as typeof import("pino-pretty");
  const pretty = prettyFactory({
    colorize: isTerminal && !process.env.NO_COLOR,
    translateTime: "SYS:HH:MM:ss.l",
    singleLine: true,
    messageFormat: (fields, key) => indented(String(fields[key])),
  });
  return (line) => {
    // Not left to pino-pretty, which parses lines of an error that look like JSON.
    const { error, ...rest } = JSON.parse(line, (_, value) => (typeof value === "string" ? visible(value) : value));
    return pretty(rest) + (error === undefined ? "" : `${INDENT}error: ${indented(String(error))}\n`);
  };
}

const INDENT = "    ";

/** Keeps line breaks and tabs: a stack has them. */
function visible(text: string): string {
  return escaped(text.replaceAll("\r\n", "\n"), "\n\t");
}

function indented(text: string): string {
  return text.replaceAll("\n", `\n${INDENT}`);
}
