/** The real command as a process of its own, for the tests of the command line. */

import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startChild } from "../child.ts";
import { eventually, type Found } from "../eventually.ts";

export const BIN = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
/** V8's compiled code, which saves a process half of its start. Its entries are found by the content of the files. */
export const COMPILED = fileURLToPath(new URL("../../node_modules/.cache/compiled", import.meta.url));

export interface RunOptions {
  cwd?: string;
  /** With `XDG_CACHE_HOME` in it, compiled code is kept where the command itself keeps it. */
  env?: { [name: string]: string };
  stdin?: string;
  /** Arguments for Node.js itself. */
  node?: string[];
}

export interface Exit {
  code: number | null;
  stdout: string;
  stderr: string;
}

export class Asgigram implements AsyncDisposable {
  readonly process: ChildProcessWithoutNullStreams;
  stdout = "";
  stderr = "";
  #hasEnded = false;
  readonly #exit: Promise<Exit>;

  constructor(args: readonly string[], { cwd = "/", env = {}, stdin, node = [] }: RunOptions = {}) {
    const base = { PATH: process.env.PATH, ...(env.XDG_CACHE_HOME === undefined && { NODE_COMPILE_CACHE: COMPILED }) };
    this.process = startChild(process.execPath, [...node, BIN, ...args], { cwd, env: { ...base, ...env } });
    this.process.stdout.setEncoding("utf8").on("data", (text) => {
      this.stdout += text;
    });
    this.process.stderr.setEncoding("utf8").on("data", (text) => {
      this.stderr += text;
    });
    this.#exit = once(this.process, "close").then(([code]) => {
      this.#hasEnded = true;
      return { code, stdout: this.stdout, stderr: this.stderr };
    });
    if (stdin !== undefined) this.process.stdin.end(stdin);
  }

  /** Resolves once the text is on standard error; rejects if the process ends before that. */
  async says(text: string | RegExp): Promise<void> {
    await this.finds(
      () => (typeof text === "string" ? this.stderr.includes(text) : text.test(this.stderr)),
      `"${text}"`,
    );
  }

  /**
   * Resolves with what `find` finds in the output, as soon as it does; rejects if the process ends before that.
   * @param what names it, for the error
   */
  async finds<T>(find: () => T, what: string): Promise<Found<T>> {
    const findOrFail = () => {
      const found = find();
      if (!found && this.#hasEnded) throw new Error(`asgigram ended without ${what}:\n${this.stderr}`);
      return found;
    };
    return await eventually(
      findOrFail,
      () => `no ${what} in\n${this.stderr}`,
      (look) => {
        const { stdout, stderr } = this.process;
        for (const stream of [stdout, stderr]) stream.on("data", look);
        void this.#exit.then(look);
        return () => {
          for (const stream of [stdout, stderr]) stream.off("data", look);
        };
      },
    );
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  exit(): Promise<Exit> {
    return this.#exit;
  }

  /** Kills it, unless it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.process.kill("SIGKILL");
    await this.#exit;
  }
}

export async function run(args: readonly string[], options?: RunOptions): Promise<Exit> {
  await using asgigram = new Asgigram(args, options);
  return await asgigram.exit();
}
