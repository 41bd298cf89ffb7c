/**
 * The server's log: pino, as lines of JSON or, for people, in colour. Everything goes to standard error, and nothing goes
 * there with a secret in it.
 */

import pino from "pino";
import { prettyFactory } from "pino-pretty";
import type { Hide } from "../protocol/secrets.ts";
import type { LogFields } from "./log-fields.ts";

export type Level = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** What says a line. `fields` are what somebody may look for in it. */
type Say = ((message: string) => void) & ((fields: LogFields, message: string) => void);

/** As much of a pino logger as is used here. */
export interface Logger extends Readonly<Record<Level, Say>> {
  level: Level | "silent";
  isLevelEnabled(level: Level): boolean;
  child(bindings: object, options: { level: Level | "silent" }): Logger;
  /** Called after the level has changed, be it this logger's or one's of its children: `logger` is that one. */
  on(event: "level-change", listener: (...change: [...from: unknown[], logger: Logger]) => void): unknown;
}

export interface LoggerOptions {
  level: Level | "silent";
  format: "auto" | "pretty" | "json";
  hide: Hide;
  /** Takes a line, with its end; standard error without. */
  write?: ((line: string) => void) | undefined;
}

const STDERR = 2;

export function createLogger({ level, format, hide, write = toStandardError() }: LoggerOptions): Logger {
  const show = formatter(format);
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    { write: (line) => write(hide(show(line))) },
  ) as Logger;
}

/** What applications print is no message of the server's: it is shown whatever the level, unless that is `silent`. */
export function applicationLogger(log: Logger): Logger {
  const level = () => (log.level === "silent" ? "silent" : "info");
  const child = log.child({}, { level: level() });
  onLevelChange(log, () => {
    child.level = level();
  });
  return child;
}

/**
 * From the configured level to debug, to trace, and back to the configured one.
 * @param configured the level at the start
 */
export function turnLevel(log: Logger, configured: Level | "silent"): void {
  const turn = [...new Set([configured, "debug", "trace"] as const)];
  const before = log.level;
  const level = turn[(turn.indexOf(before) + 1) % turn.length]!;
  // Of two that follow each other, one is debug or trace, and shows it.
  if (!log.isLevelEnabled("debug")) log.level = level;
  log.info(`the log level is now ${level}, it was ${before}`);
  log.level = level;
}

/** Calls it whenever the level of this very logger has changed. */
export function onLevelChange(log: Logger, changed: () => void): void {
  log.on("level-change", (...change) => {
    if (change.at(-1) === log) changed();
  });
}

/** Written at once: what a process says last is what one wants to know. */
function toStandardError(): (line: string) => void {
  const stderr = pino.destination({ dest: STDERR, sync: true });
  return (line) => stderr.write(line);
}

function formatter(format: LoggerOptions["format"]): (line: string) => string {
  const isTerminal = process.stderr.isTTY === true;
  if (format === "json" || (format === "auto" && !isTerminal)) return (line) => line;
  const colorize = isTerminal && !process.env.NO_COLOR;
  return prettyFactory({
    colorize,
    translateTime: "SYS:HH:MM:ss.l",
    singleLine: true,
    // A stack is read line by line. What else steers a terminal is no part of it.
    errorLikeObjectKeys: ["error"],
    customPrettifiers: { error: (error) => String(error).replace(/[^\P{Cc}\n\t]/gu, "") },
  });
}
