/** One of the machines: the real command in a process of its own, which writes what it does to files. */

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { startChild } from "../child.ts";
import { BIN, COMPILED } from "../cli/asgigram.ts";
import { eventually } from "../eventually.ts";

export interface MachineOptions {
  readonly name: string;
  readonly inbox: string;
  readonly token: string;
  readonly apiUrl: string;
  /** Path of its files, without their ends. */
  readonly path: string;
  /** File of the application. */
  readonly app?: string;
  readonly workers?: number;
}

export class Machine {
  readonly name: string;
  readonly ended: Promise<unknown>;
  readonly #process: ChildProcess;
  readonly #path: string;

  constructor({ name, inbox, token, apiUrl, path, app = "app.ts", workers = 1 }: MachineOptions) {
    this.name = name;
    this.#path = path;
    const log = openSync(`${path}.log`, "a");
    const options = ["--workers", `${workers}`, "--inbox", inbox, "--node-name", name, "--log-format", "json"];
    const args = [BIN, app, ...options];
    this.#process = startChild(process.execPath, args, {
      cwd: import.meta.dirname,
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: COMPILED,
        ASGIGRAM_TOKEN: token,
        ASGIGRAM_API_URL: apiUrl,
        MACHINES_LOG: `${path}.events`,
      },
      stdio: ["ignore", log, log],
    });
    this.ended = once(this.#process, "exit");
  }

  get isOver(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  get log(): string {
    return readFileSync(`${this.#path}.log`, "utf8");
  }

  /** The text that the application wrote. */
  get events(): string {
    try {
      return readFileSync(`${this.#path}.events`, "utf8");
    } catch {
      return "";
    }
  }

  /** Resolves when it serves. */
  async serving(): Promise<void> {
    await eventually(
      () => {
        if (this.isOver) throw new Error(`${this.name} has ended: ${this.log}`);
        return this.log.includes('"serving"');
      },
      () => this.log,
    );
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }
}
