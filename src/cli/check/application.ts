/**
 * Checks that the application can be imported, starts up and shuts down: in a worker thread, as the server runs it. A bot's program starts its
 * bot, and none of its calls reaches Telegram.
 */

import { setTimeout as delay } from "node:timers/promises";
import { Heavy } from "../../heavy/heavy.ts";
import { StartupFailedError, WorkerError } from "../../protocol/errors.ts";
import type { HostTask, LogLevel, ProgramFacts } from "../../protocol/port.ts";
import { Threads } from "../../threads/threads.ts";
import { Worker, type WorkerWords } from "../../threads/worker.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

export interface ApplicationOptions
  extends Pick<HostTask, "application" | "directory" | "interface" | "imports" | "lifespan"> {
  /** Id of the bot; undefined without a token. */
  readonly bot: number | undefined;
  /** Number of workers if it is a bot's program. */
  readonly programWorkers: number;
  /** Heap of the worker in bytes; Node.js's own limit for `Infinity`. */
  readonly workerMemory: number;
  /** Longest shutdown in ms. */
  readonly shutdownTimeout: number;
  /** Longest startup in ms. */
  readonly startupTimeout?: number;
  /** Takes the output of the application. */
  print(line: string): void;
}

/** The answer to each call. */
const SUCCESS = JSON.stringify({ ok: true, result: true });

/** A server would wait for longer, but a person waits for this command to end: ms. */
const STARTUP_TIMEOUT = 60_000;

export async function checkApplication(options: ApplicationOptions): Promise<Finding[]> {
  const { application, workerMemory, print, shutdownTimeout, startupTimeout = STARTUP_TIMEOUT } = options;
  const threads = new Threads(1, workerMemory);
  const said: Said[] = [];
  const heavy = new Heavy({
    memory: workerMemory,
    imports: options.imports,
    words: {
      said: (_, level, message, error) => said.push({ level, message, error }),
      printed: (_, _stream, text) => print(text),
    },
  });
  const worker = startWorker(threads, heavy, options, {
    said: (_, { error }, level, message) => said.push({ level, message, error }),
    crashed: (_, { message, error }) => said.push({ level: "crash", message, error }),
    printed: (_, { text }) => print(text),
  });
  try {
    await within(startupTimeout, worker.ready, `the application has not started up within ${startupTimeout / 1000} s`);
    worker.drain("shutdown");
    const slow = `the application has not shut down within ${shutdownTimeout / 1000} s (--shutdown-timeout)`;
    await within(shutdownTimeout, worker.ended, slow);
  } catch (error) {
    return [...crashesIn(said), problem("application", error as Error)];
  } finally {
    // Timers and connections that the application left open end with its thread.
    await Promise.all([threads.destroy(), heavy.close()]);
  }
  const complaints = [...crashesIn(said), ...warningsIn(said)];
  const hazards = options.programWorkers > 1 ? worker.hazards : [];
  return [
    ...(complaints.length > 0 ? complaints : [ok("application", `${application} ${courseIn(said, worker.program)}`)]),
    ...hazards.map((hazard) => warning("application", `each of the ${options.programWorkers} workers ${hazard}`)),
  ];
}

function startWorker(threads: Threads, heavy: Heavy, options: ApplicationOptions, words: WorkerWords): Worker {
  const { application, directory, lifespan, shutdownTimeout } = options;
  return new Worker({
    number: 0,
    deaths: 0,
    generation: 0,
    threads,
    jobs: heavy,
    task: {
      application,
      directory,
      interface: options.interface,
      imports: options.imports,
      lifespan,
      maxInstances: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      eventTimeout: Number.POSITIVE_INFINITY,
      retry: 0,
      breaker: false,
      sessionAge: Number.POSITIVE_INFINITY,
      onFailure: undefined,
      bot: { id: options.bot ?? 0, is_bot: true, first_name: "check", username: "check_bot" },
      line: "chat",
      urgent: [],
      debug: true,
      mayBeProgram: true,
      anyToken: options.bot === undefined,
      endTimeout: shutdownTimeout,
      watch: false,
      yields: false,
    },
    updates: { taken() {}, settled() {}, kept() {}, triedAgain() {}, threw: () => false, failed() {} },
    // A program may wait for the answer before it starts its bot.
    calls: { call: (to, { id }) => to.push({ type: "result", id, body: SUCCESS }), saved() {}, busy() {} },
    // So may one that reads a stored value. The check opens no inbox.
    values: {
      asked: (from, id) => from.push({ type: "got", id, value: undefined }),
      wrote: (from, id) => from.push({ type: "set", id }),
    },
    words,
    onPushed: (worker) => setImmediate(() => worker.flush()),
    onReady() {},
    onImported() {},
    onSettled: undefined,
    onDrained() {},
    onEnded() {},
    onOver() {},
  });
}

async function within(ms: number, work: Promise<void>, otherwise: string): Promise<void> {
  const finished = new AbortController();
  const late = delay(ms, undefined, { signal: finished.signal }).then(() => {
    throw new StartupFailedError(otherwise);
  });
  await Promise.race([work, late]).finally(() => finished.abort());
}

/** A line that the worker said. */
interface Said {
  readonly level: LogLevel | "crash";
  readonly message: string;
  readonly error: string | undefined;
}

function crashesIn(said: readonly Said[]): Finding[] {
  return said
    .filter(({ level }) => level === "crash")
    .map(({ message, error }) => problem("application", new WorkerError(message, { cause: error })));
}

function warningsIn(said: readonly Said[]): Finding[] {
  return said
    .filter(({ level }) => level === "warn" || level === "error")
    .map(({ message, error }) => warning("application", error === undefined ? message : `${message}\n${error}`));
}

/** The result in words: the worker logs a missing lifespan at debug level. */
function courseIn(said: readonly Said[], program: ProgramFacts | undefined): string {
  if (program !== undefined) return `is a bot's program: ${program.library}, started by ${program.started}`;
  const aside = said.find(({ level }) => level === "debug");
  return aside === undefined ? "starts up and shuts down" : `can be imported; ${aside.message}`;
}
