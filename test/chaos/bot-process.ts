/** The real command in a process of its own. */

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startChild } from "../child.ts";
import { COMPILED } from "../cli/asgigram.ts";

const BIN = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));

const ALWAYS = ["--worker-memory", "48", "--stall-timeout", "3", "--log-format", "json"];

export interface BotProcessOptions {
  token: string;
  apiUrl: string;
  inbox: string;
  /** File to which the application writes the calls that may be made twice. */
  uncertain: string;
  /** More options of the command. */
  options: readonly string[];
  /** Open file for its output. */
  log: number;
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

  constructor({ token, apiUrl, inbox, uncertain, options, log }: BotProcessOptions) {
    const args = [BIN, "app.ts", ...options, ...ALWAYS, "--inbox", inbox];
    this.#process = startChild(process.execPath, args, {
      cwd: import.meta.dirname,
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: COMPILED,
        ASGIGRAM_TOKEN: token,
        ASGIGRAM_API_URL: apiUrl,
        CHAOS_UNCERTAIN: uncertain,
      },
      stdio: ["ignore", log, log],
    });
    this.ended = once(this.#process, "exit").then(([code, signal]) => ({ code, signal }));
  }

  signal(signal: "SIGTERM" | "SIGKILL" | "SIGHUP"): void {
    this.#process.kill(signal);
  }

  get isOver(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }
}
