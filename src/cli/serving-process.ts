/** The process that serves a bot: its signals, and the last words before it ends. */

import { constants } from "node:os";
import { isatty } from "node:tty";
import type { Parts } from "../assembly.ts";
import type { Config } from "../config/config.ts";
import { withoutSecrets } from "../config/quote.ts";
import { AsgigramError } from "../protocol/errors.ts";
import { explain } from "../protocol/explain.ts";
import { type Hide, secretHider } from "../protocol/secrets.ts";
import { escaped } from "../protocol/unprintable.ts";
import type { RunningServer } from "../server.ts";
import { keepCompiledCode } from "./compiled-code.ts";
import type { Context } from "./context.ts";
import { exit } from "./exit.ts";
import { exitCodeFor } from "./exit-codes.ts";
import { signalsTo } from "./signals.ts";

export class ServingProcess {
  readonly #context: Context;
  /** Resolves when the server serves. */
  readonly #server = Promise.withResolvers<RunningServer>();
  /** Hides secrets by their form; once the configuration is known, its secrets by their value as well. */
  #hide: Hide = withoutSecrets;
  #turnLogLevel = () => {};

  constructor(context: Context) {
    this.#context = context;
    const { events } = context;
    events.on("uncaughtException", (error) => exit(this.report(error), context));
    // Without a listener the signal would end the process, however early it comes.
    for (const signal of signalsTo("turn-log-level")) events.on(signal, () => this.#turnLogLevel());
  }

  /**
   * Listens to the signals that stop or reload.
   * @returns a signal that aborts when the process is told to stop; the second such signal ends the process at once
   */
  signalled(): AbortSignal {
    const { events } = this.#context;
    const stopping = new AbortController();
    const stop = (signal: NodeJS.Signals): void => {
      if (stopping.signal.aborted) process.exit(128 + constants.signals[signal]);
      stopping.abort(signal);
    };
    for (const signal of signalsTo("stop")) events.on(signal, () => stop(signal));
    const hasTerminal = isatty(0);
    for (const signal of signalsTo("reload")) {
      events.on(signal, () => {
        // A terminal that is closed sends SIGHUP, too, mostly twice.
        if (hasTerminal && !isatty(0)) stopping.abort(signal);
        // A reload that fails is in the log.
        else void this.#server.promise.then((server) => server.reload()).catch(() => {});
      });
    }
    return stopping.signal;
  }

  /** Starts the server. @returns undefined if the process is told to stop before the server serves */
  async start(
    config: Config,
    stopping: AbortSignal,
    writeLog = this.#context.writeLog,
    parts: Partial<Parts> = {},
  ): Promise<RunningServer | undefined> {
    const hideKnown = secretHider(config);
    this.#hide = (text) => withoutSecrets(hideKnown(text));
    // Not sooner: a configuration that is a module may hold secrets, and its compiled code would be kept.
    keepCompiledCode(this.#context.env);
    const { loggerFor, serve } = await import("../server.ts");
    const { turnLevel } = await import("../observe/logger.ts");
    const log = loggerFor(config, writeLog);
    this.#turnLogLevel = () => turnLevel(log, config.logLevel);
    try {
      const server = await serve(config, stopping, log, parts);
      this.#server.resolve(server);
      return server;
    } catch (error) {
      if (stopping.aborted && error === stopping.reason) return undefined;
      throw error;
    }
  }

  /**
   * Prints the error that ends the process: an error that the user can correct in plain words, a defect with its stack.
   * @returns the exit code
   */
  report(error: unknown): number {
    const text = this.#hide(error instanceof AsgigramError ? explain(error) : stackOf(error));
    this.#context.console.error(`asgigram: ${escaped(text, "\n\t")}`);
    return exitCodeFor(error);
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
