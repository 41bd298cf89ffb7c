/** Checks that the application can be imported, starts up and shuts down: in a worker thread, as the server runs it. */

import { setTimeout as delay } from "node:timers/promises";
import { StartupFailedError, WorkerError } from "../../protocol/errors.ts";
import type { HostTask, ToMain } from "../../protocol/port.ts";
import { Threads } from "../../threads/threads.ts";
import { Worker } from "../../threads/worker.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

export interface ApplicationOptions extends Pick<HostTask, "application" | "directory" | "interface" | "lifespan"> {
  /** Heap of the worker in bytes; Node.js's own limit for `Infinity`. */
  readonly workerMemory: number;
  /** Longest shutdown in ms. */
  readonly shutdownTimeout: number;
  /** Longest startup in ms. */
  readonly startupTimeout?: number;
  /** Takes the output of the application. */
  print(line: string): void;
}

/** A server would wait for longer, but a person waits for this command to end: ms. */
const STARTUP_TIMEOUT = 60_000;

export async function checkApplication(options: ApplicationOptions): Promise<Finding[]> {
  const { application, workerMemory, print, shutdownTimeout, startupTimeout = STARTUP_TIMEOUT } = options;
  const threads = new Threads(1, workerMemory === Number.POSITIVE_INFINITY ? undefined : workerMemory / 2 ** 20);
  const told: ToMain[] = [];
  const worker = startWorker(threads, options, (item) => {
    if (item.type === "output") print(item.text);
    else told.push(item);
  });
  try {
    await within(startupTimeout, worker.ready, `the application has not started up within ${startupTimeout / 1000} s`);
    worker.drain("shutdown");
    const slow = `the application has not shut down within ${shutdownTimeout / 1000} s (--shutdown-timeout)`;
    await within(shutdownTimeout, worker.ended, slow);
  } catch (error) {
    return [...crashesIn(told), problem("application", error as Error)];
  } finally {
    // Timers and connections that the application left open end with its thread.
    await threads.destroy();
  }
  const complaints = [...crashesIn(told), ...warningsIn(told)];
  return complaints.length > 0 ? complaints : [ok("application", `${application} ${courseIn(told)}`)];
}

function startWorker(threads: Threads, options: ApplicationOptions, onMessage: (item: ToMain) => void): Worker {
  const { application, directory, lifespan } = options;
  return new Worker({
    number: 0,
    deaths: 0,
    threads,
    task: {
      application,
      directory,
      interface: options.interface,
      lifespan,
      maxInstances: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      debug: true,
      watch: false,
      yields: false,
    },
    onReady: () => {},
    onMessage,
    onDrained: () => {},
    onEnded: () => {},
    onOver: () => {},
  });
}

async function within(ms: number, work: Promise<void>, otherwise: string): Promise<void> {
  const finished = new AbortController();
  const late = delay(ms, undefined, { signal: finished.signal }).then(() => {
    throw new StartupFailedError(otherwise);
  });
  await Promise.race([work, late]).finally(() => finished.abort());
}

function crashesIn(told: readonly ToMain[]): Finding[] {
  return told
    .filter((item) => item.type === "crash")
    .map(({ message, error }) => problem("application", new WorkerError(message, { cause: error })));
}

function warningsIn(told: readonly ToMain[]): Finding[] {
  return told
    .filter((item) => item.type === "log")
    .filter(({ level }) => level === "warn" || level === "error")
    .map(({ message, error }) => warning("application", error === undefined ? message : `${message}\n${error}`));
}

/** The result in words: the worker logs a missing lifespan at debug level. */
function courseIn(told: readonly ToMain[]): string {
  const aside = told.find((item) => item.type === "log" && item.level === "debug");
  return aside === undefined
    ? "starts up and shuts down"
    : `can be imported; ${(aside as { message: string }).message}`;
}
