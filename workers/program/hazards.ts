/**
 * Takes note of what a bot's program begins while it is imported, and what goes wrong if it runs in several workers: servers, timers, jobs
 * and files, each of which every worker would have.
 */

import { registerHooks } from "node:module";
import { Server } from "node:net";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

export interface HazardWatch {
  /** One line each, with a verb: `listens on port 8080 (bot.ts:12)`. */
  readonly found: readonly string[];
  /** Ends the watch. */
  end(): void;
}

/** Packages that run jobs by the clock, or from a queue. */
const JOBS =
  "node-cron|node-schedule|cron|croner|toad-scheduler|bree|agenda|bull|bullmq|@nestjs/(?:schedule|bull|bullmq)";
/** Packages that keep all state in one file. */
const FILES = "telegraf-session-local|lowdb|node-json-db|node-persist";
const PACKAGE = new RegExp(`/node_modules/(?:(${JOBS})|(${FILES}))/`);

/** @param directory the one that places are relative to */
export function watchHazards(directory: string): HazardWatch {
  const found = new Set<string>();
  const note = (hazard: string, place: string | undefined) =>
    found.add(place === undefined ? hazard : `${hazard} (${place})`);
  const { listen } = Server.prototype;
  Server.prototype.listen = function (this: Server, ...args: unknown[]) {
    note(`listens on ${addressIn(args)}`, programLine(directory));
    return (listen as (...args: unknown[]) => Server).apply(this, args);
  } as typeof listen;
  const { setInterval } = globalThis;
  globalThis.setInterval = Object.assign((...args: Parameters<typeof setInterval>) => {
    const caller = callers()[0];
    // A library that tidies up after itself may do so in each worker.
    if (caller !== undefined && !isForeign(caller)) note("calls setInterval()", programLine(directory));
    return setInterval(...args);
  }, setInterval) as typeof setInterval;
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const [, jobs, files] = PACKAGE.exec(resolved.url) ?? [];
      const parent = context.parentURL ?? "";
      if ((jobs ?? files) === undefined || isForeign(parent) || !parent.startsWith("file:")) return resolved;
      const hazard = jobs === undefined ? `keeps state in a file by ${files}` : `runs jobs by ${jobs}`;
      note(hazard, relative(directory, fileURLToPath(parent)));
      return resolved;
    },
  });
  return {
    get found() {
      return [...found];
    },
    end() {
      Server.prototype.listen = listen;
      globalThis.setInterval = setInterval;
      hooks.deregister();
    },
  };
}

function addressIn([first]: unknown[]): string {
  const { port, path } = (typeof first === "object" && first !== null ? first : { port: first }) as {
    port?: unknown;
    path?: unknown;
  };
  if (path !== undefined) return String(path);
  return port === undefined || Number.isNaN(Number(port)) ? String(port ?? "a free port") : `port ${port}`;
}

/** The program's own line that runs: `bot.ts:12`. */
function programLine(directory: string): string | undefined {
  const place = callers().find((caller) => !isForeign(caller));
  const [, file, line] = /^(.+?):(\d+)(?::\d+)?$/.exec(place ?? "") ?? [];
  if (file === undefined) return undefined;
  return `${relative(directory, file.startsWith("file:") ? fileURLToPath(file) : file)}:${line}`;
}

/** The places of the functions that called those of this file, from the inside: `file:///bot.ts:12:3`. */
function callers(): string[] {
  const lines = (new Error().stack ?? "").split("\n").slice(1);
  const places = lines.map((line) => /(?:\(|at (?:async )?)([^()\s]+:\d+:\d+)\)?$/.exec(line)?.[1]);
  return places.filter((place) => place !== undefined && !place.includes(THIS_FILE)) as string[];
}

const THIS_FILE = import.meta.filename;

/** True for the places of Node.js and of packages. */
function isForeign(place: string): boolean {
  return place.startsWith("node:") || place.includes("/node_modules/");
}
