/** The real command in a process of its own, which is killed and started again over the same inbox. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));

const ALWAYS = ["--worker-memory", "48", "--stall-timeout", "3", "--log-format", "json"];

export interface BotProcessOptions {
  token: string;
  apiUrl: string;
  inbox: string;
  /** Further options of the command. */
  options: readonly string[];
  /** An open file for all that it says. */
  log: number;
}

export interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export class BotProcess {
  /** Resolves when it is over. */
  readonly ended: Promise<End>;
  readonly started = performance.now();
  readonly #process: ChildProcess;

  constructor({ token, apiUrl, inbox, options, log }: BotProcessOptions) {
    const args = [BIN, "app.ts", ...options, ...ALWAYS, "--inbox", inbox];
    this.#process = spawn(process.execPath, args, {
      cwd: import.meta.dirname,
      env: { PATH: process.env.PATH, ASGIGRAM_TOKEN: token, ASGIGRAM_API_URL: apiUrl },
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
