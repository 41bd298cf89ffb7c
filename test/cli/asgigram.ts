/** The real command as a process of its own, for the tests of the command line. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
/** Folder for compiled code, instead of the user's own. */
const CACHE = fileURLToPath(new URL("../../node_modules/.cache", import.meta.url));

export interface RunOptions {
  cwd?: string;
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

  constructor(args: readonly string[], { cwd = "/", env = {}, stdin, node = [] }: RunOptions = {}) {
    const base = { PATH: process.env.PATH, XDG_CACHE_HOME: CACHE };
    this.process = spawn(process.execPath, [...node, BIN, ...args], { cwd, env: { ...base, ...env } });
    this.process.stdout.setEncoding("utf8").on("data", (text) => {
      this.stdout += text;
    });
    this.process.stderr.setEncoding("utf8").on("data", (text) => {
      this.stderr += text;
    });
    if (stdin !== undefined) this.process.stdin.end(stdin);
  }

  /** Resolves once the text is on standard error; rejects if the process ends before that. */
  async says(text: string | RegExp): Promise<void> {
    const ended = new AbortController();
    this.process.once("close", () =>
      ended.abort(new Error(`asgigram ended and did not say "${text}":\n${this.stderr}`)),
    );
    const isSaid = () => (typeof text === "string" ? this.stderr.includes(text) : text.test(this.stderr));
    while (!isSaid()) await once(this.process.stderr, "data", { signal: ended.signal });
  }

  async exit(): Promise<Exit> {
    const [code] = await once(this.process, "close");
    return { code, stdout: this.stdout, stderr: this.stderr };
  }

  /** A test that fails leaves no process. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill("SIGKILL");
    await once(this.process, "close");
  }
}

export function run(args: readonly string[], options?: RunOptions): Promise<Exit> {
  return new Asgigram(args, options).exit();
}
