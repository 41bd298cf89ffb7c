/**
 * Reports of a worker thread to the main thread: log lines, the application's output, and crashes. Each report names
 * the scope of the instance that it comes from, if that is known.
 */

import { inspect } from "node:util";
import type { Batch } from "../src/protocol/batch.ts";
import { delivery } from "../src/protocol/delivery.ts";
import type { LogLevel, Place, ToMain } from "../src/protocol/port.ts";
import { currentContext, currentEvent } from "./current-event.ts";
import { captureOutput } from "./output.ts";

const UNCAUGHT = {
  uncaughtException: "an uncaught exception",
  unhandledRejection: "an unhandled promise rejection",
} as const;

/** The part of the instances that a report of an error needs. */
export interface ReportedInstances {
  /** Numbers of the events at which applications have open work. */
  readonly open: number[];
  /** Takes an error that nothing caught. @returns false if it belongs to no instance */
  threwUncaught(error: unknown): boolean;
}

export class Reporter {
  /** True if debug lines are logged. */
  debug: boolean;

  /** True once a program was told to end: process.exit() is no crash any more. */
  isEnding = false;

  /** The instances, once the application has started. */
  instances: ReportedInstances | undefined;

  readonly #outbound: Batch<ToMain>;
  /** Reports output whose line is not complete yet. */
  readonly #finishOutput: () => void;
  #crashed = false;

  constructor(outbound: Batch<ToMain>, debug: boolean) {
    this.debug = debug;
    this.#outbound = outbound;
    this.#finishOutput = captureOutput((stream, text) =>
      outbound.push({ type: "output", stream, text, ...this.#place() }),
    );
    process.on("uncaughtException", (error) => this.#uncaught("uncaughtException", error));
    process.on("unhandledRejection", (reason) => this.#rejected(reason));
    process.on("exit", (code) => this.#exit(code));
  }

  /** @param place the subject of the line; by default the instance whose code is running */
  readonly log = (level: LogLevel, message: string, error?: unknown, place = this.#place()): void => {
    if (level === "debug" && !this.debug) return;
    const detail = error === undefined ? {} : { error: describe(error) };
    this.#outbound.push({ type: "log", level, message, ...place, ...detail });
  };

  /** Posts the rest of the output and all reports. Call it last. */
  finish(): void {
    this.#finishOutput();
    this.#outbound.flush();
  }

  /** Node.js takes a rejection for an uncaught exception where the application listens for those alone. */
  #rejected(reason: unknown): void {
    const hears = (kind: keyof typeof UNCAUGHT) => process.listenerCount(kind) > 1;
    if (hears("unhandledRejection") || !hears("uncaughtException")) this.#uncaught("unhandledRejection", reason);
    else process.emit("uncaughtException", errorOf(reason), "unhandledRejection");
  }

  /**
   * An error of an instance's code is its application's throw. Any other one may have left anything half done, so the thread ends, and
   * the main thread replaces it. An application that listens for such errors decides itself.
   */
  #uncaught(kind: keyof typeof UNCAUGHT, error: unknown): void {
    if (process.listenerCount(kind) > 1 || this.instances?.threwUncaught(error)) return;
    this.#crashed = true;
    this.#reportCrash(`${UNCAUGHT[kind]} ends the worker`, error);
    process.exit(1);
  }

  /** Runs when the thread exits by itself: after a crash, or because the application called process.exit(). */
  #exit(code: number): void {
    if (!this.#crashed && !this.isEnding) {
      this.#reportCrash(`process.exit(${code}) was called`, new Error("process.exit() was called here"));
    }
    this.finish();
  }

  #reportCrash(message: string, error: unknown): void {
    const seq = currentEvent()?.seq;
    const blamed = seq === undefined ? { open: this.instances?.open ?? [] } : { seq };
    this.#outbound.push({ type: "crash", message, error: describe(error), ...this.#place(), ...blamed });
  }

  #place(): Place {
    const context = currentContext();
    return context === undefined ? {} : placeInScope(context.instance.key, currentEvent()?.event);
  }
}

/** A reason that is no error becomes one, as by Node.js. */
function errorOf(reason: unknown): Error {
  if (reason instanceof Error) return reason;
  return Object.assign(new Error(`a promise was rejected with ${describe(reason)}`), {
    code: "ERR_UNHANDLED_REJECTION",
  });
}

/** @param event the event that the scope's instance holds */
export function placeInScope(scope: string, event?: { readonly type: string }): Place {
  const update_id = event && delivery(event)?.update_id;
  if (event === undefined || update_id === undefined) return { scope };
  return { scope, update_id, kind: event.type.slice("telegram.".length) };
}

/** A thrown value as text; an error with its stack and causes. Never throws. */
export function describe(error: unknown): string {
  try {
    return error instanceof Error ? inspect(error, { depth: 4 }) : `a thrown ${typeof error}: ${inspect(error)}`;
  } catch {
    return "an error that cannot be shown";
  }
}
