/** The real command in a process of its own. */

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startChild } from "../child.ts";
import { BIN, COMPILED } from "../cli/asgigram.ts";

const CLOCK = fileURLToPath(new URL("clock.ts", import.meta.url));

const ALWAYS = ["--worker-memory", "48", "--stall-timeout", "3", "--shutdown-timeout", "3", "--log-format", "json"];

export interface BotProcessOptions {
  token: string;
  apiUrl: string;
  inbox: string;
  files: ChaosFiles;
  /** More options of the command. */
  options: readonly string[];
  /** Open file for its output. */
  log: number;
}

/** Files by which the test and the server speak with each other. */
export interface ChaosFiles {
  /** The application writes the calls that may be made twice to it. */
  readonly uncertain: string;
  /** It exists once the storm is over. */
  readonly calm: string;
  /** Milliseconds by which the server's clock is wrong. */
  readonly clock: string;
}

export interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export class BotProcess {
  /** Resolves when the process has ended. */
  readonly ended: Promise<End>;
  readonly started = performance.now();
  readonly #process: ChildProcess;

  constructor({ token, apiUrl, inbox, files, options, log }: BotProcessOptions) {
    const args = ["--import", CLOCK, BIN, "app.ts", ...options, ...ALWAYS, "--inbox", inbox];
    this.#process = startChild(process.execPath, args, {
      cwd: import.meta.dirname,
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: COMPILED,
        ASGIGRAM_TOKEN: token,
        ASGIGRAM_API_URL: apiUrl,
        CHAOS_UNCERTAIN: files.uncertain,
        CHAOS_CALM: files.calm,
        CHAOS_CLOCK: files.clock,
      },
      stdio: ["ignore", log, "pipe"],
    });
    const stderr = this.#process.stderr!;
    stderr.on("data", (chunk: Buffer) => writeSync(log, chunk));
    this.#process.once("exit", () => stderr.resume());
    // The whole log has been read then.
    this.ended = once(this.#process, "close").then(([code, signal]) => ({ code, signal }));
  }

  /** Does not read its log for so many milliseconds. */
  stallLog(milliseconds: number): void {
    this.#process.stderr!.pause();
    setTimeout(() => this.#process.stderr!.resume(), milliseconds).unref();
  }

  signal(signal: "SIGTERM" | "SIGKILL" | "SIGHUP"): void {
    this.#process.kill(signal);
  }

  get isOver(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }
}
