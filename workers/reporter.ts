/**
 * What a worker thread tells of itself: log lines, the application's output, and its own last words. Each is marked with the
 * scope of the instance that it comes from, wherever that can be known.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { inspect } from "node:util";
import type { Batch } from "../src/protocol/batch.ts";
import { delivery } from "../src/protocol/delivery.ts";
import type { LogLevel, Place, ToMain } from "../src/protocol/port.ts";
import { captureOutput } from "./output.ts";

/** The instance that some code belongs to. */
export interface Source {
  /** Of its scope. */
  readonly key: string;
  readonly held: { readonly seq: number; readonly event: { readonly type: string } } | undefined;
}

export class Reporter {
  /** Whether to tell what is only of interest to somebody who looks for an error. */
  debug: boolean;

  readonly #outbound: Batch<ToMain>;
  readonly #source = new AsyncLocalStorage<Source>();
  readonly #outside = AsyncLocalStorage.snapshot();
  /** Hands over the output that is no whole line yet. */
  readonly #finishOutput: () => void;
  #crashed = false;

  constructor(outbound: Batch<ToMain>, debug: boolean) {
    this.debug = debug;
    this.#outbound = outbound;
    this.#finishOutput = captureOutput((stream, text) =>
      outbound.push({ type: "output", stream, text, ...this.#place() }),
    );
    process.on("uncaughtException", (error) => this.#crash("an error was thrown where nothing could catch it", error));
    process.on("unhandledRejection", (error) =>
      this.#crash("a rejected promise was left behind, with nobody to await it", error),
    );
    process.on("exit", (code) => this.#exit(code));
  }

  /** Runs one instance's code, so that what it prints and breaks can be traced to it. */
  within<T>(source: Source, run: () => T): T {
    // What run() does would cost every instance a second context: the one that it makes to come back to.
    return this.#outside(() => {
      this.#source.enterWith(source);
      return run();
    });
  }

  /** Whose code is running, if it is an instance's. */
  get source(): Source | undefined {
    return this.#source.getStore();
  }

  /** @param place what it is about; without, the instance whose code is running */
  readonly log = (level: LogLevel, message: string, error?: unknown, place = this.#place()): void => {
    if (level === "debug" && !this.debug) return;
    const detail = error === undefined ? {} : { error: describe(error) };
    this.#outbound.push({ type: "log", level, message, ...place, ...detail });
  };

  /** Nothing more will come. */
  finish(): void {
    this.#finishOutput();
    this.#outbound.flush();
  }

  /** Such an error may have left anything in this thread half done: it ends here, and the main thread replaces it. */
  #crash(message: string, error: unknown): void {
    this.#crashed = true;
    this.#reportCrash(message, error);
    process.exit(1);
  }

  /** The thread's last moment, unless it is ended from outside. Without a crash it is the application that ends it. */
  #exit(code: number): void {
    if (!this.#crashed) {
      this.#reportCrash(`process.exit(${code}) was called`, new Error("process.exit() was called here"));
    }
    this.finish();
  }

  #reportCrash(message: string, error: unknown): void {
    const seq = this.source?.held?.seq;
    const culprit = seq === undefined ? {} : { seq };
    this.#outbound.push({ type: "crash", message, error: describe(error), ...this.#place(), ...culprit });
  }

  #place(): Place {
    const { source } = this;
    return source === undefined ? {} : placeInScope(source.key, source.held?.event);
  }
}

/** @param event what the scope's instance is at */
export function placeInScope(scope: string, event?: { readonly type: string }): Place {
  const update_id = event && delivery(event)?.update_id;
  if (event === undefined || update_id === undefined) return { scope };
  return { scope, update_id, kind: event.type.slice("telegram.".length) };
}

/** An error as text, with its stack and causes; never throws, whatever was thrown. */
export function describe(error: unknown): string {
  try {
    return error instanceof Error ? inspect(error, { depth: 4 }) : `a thrown ${typeof error}: ${inspect(error)}`;
  } catch {
    return "an error that cannot be shown";
  }
}
