/** The server's log: pino, as lines of JSON or, for people, in colour. Everything goes to standard error. */

import pino from "pino";
import pretty from "pino-pretty";

export type Logger = pino.Logger;

export interface LoggerOptions {
  level: string;
  format: "auto" | "pretty" | "json";
}

const STDERR = 2;

export function createLogger({ level, format }: LoggerOptions): Logger {
  const base = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  const readable = format === "pretty" || (format === "auto" && process.stderr.isTTY === true);
  if (!readable) return pino(base, pino.destination({ dest: STDERR, sync: true }));
  const colorize = process.stderr.isTTY === true && !process.env.NO_COLOR;
  return pino(
    base,
    pretty({ colorize, destination: STDERR, sync: true, translateTime: "SYS:HH:MM:ss.l", singleLine: true }),
  );
}

/** What applications print is no message of the server's: it is shown whatever the level, unless that is `silent`. */
export function applicationLogger(logger: Logger): Logger {
  return logger.child({}, { level: logger.level === "silent" ? "silent" : "info" });
}
