/**
 * The child process of a heavy thread: it has the module, and the thread hands jobs and their messages on. Thread and child live and die
 * together. The child gets neither the token nor the server's environment.
 */

import { type ChildProcess as Child, fork } from "node:child_process";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { dataOfError } from "../../src/protocol/error-data.ts";
import { ApplicationLoadError } from "../../src/protocol/errors.ts";
import type { FromHeavyThread, HeavyResult, JobTask, LoadTask, ToJob } from "../../src/protocol/port.ts";
import { postMoved } from "./buffers.ts";
import type { Die } from "./death-report.ts";
import type { Functions } from "./functions.ts";
import type { FromChild, ToChild } from "./process-messages.ts";

const ENTRY = fileURLToPath(new URL(`./child${extname(import.meta.url)}`, import.meta.url));

/** Variables of the environment that programs need, and the folder of compiled code, which makes the start shorter. */
const ENVIRONMENT = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "SystemRoot", "TEMP", "NODE_COMPILE_CACHE"];

export class ChildProcess implements Functions {
  readonly loaded: Promise<void>;
  readonly #loaded = Promise.withResolvers<void>();
  readonly #child: Child;
  readonly #report: (message: FromHeavyThread) => void;
  /** The job at hand: where its answers go, and its end. */
  #job: { readonly port: JobTask["port"]; readonly over: PromiseWithResolvers<HeavyResult> } | undefined;

  /** @param die ends this thread when the child is gone */
  constructor(task: LoadTask, report: (message: FromHeavyThread) => void, die: Die) {
    const { module, name, captures, watch, imports } = task;
    const output = captures ? "pipe" : "inherit";
    this.#report = report;
    this.loaded = this.#loaded.promise;
    // It has the priority of this thread.
    this.#child = fork(ENTRY, {
      serialization: "advanced",
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => ENVIRONMENT.includes(name))),
      execArgv: process.execArgv.filter(isHandedOn),
      stdio: ["ignore", output, output, "ipc"],
    });
    this.#child.on("message", (message: FromChild) => this.#receive(message));
    this.#child.once("error", ({ message }) => die(`its child process failed: ${message}`));
    this.#child.once("exit", (code, signal) => die(`its child process ${endOf(code, signal)}`));
    if (captures) for (const stream of ["stdout", "stderr"] as const) this.#capture(stream, this.#child[stream]!);
    this.#send({ type: "load", module, name, watch, imports });
  }

  async run({ name, port }: JobTask): Promise<HeavyResult> {
    const over = Promise.withResolvers<HeavyResult>();
    const job = { port, over };
    this.#job = job;
    this.#send({ type: "job", name });
    // The port of a job that is over closes later, when the child may have the next one.
    const isAtHand = () => this.#job === job;
    port.on("message", (message: ToJob) => isAtHand() && this.#handOn(message));
    port.on("close", () => isAtHand() && this.#send({ type: "leave" }));
    const result = await over.promise;
    this.#job = undefined;
    port.close();
    return result;
  }

  abort(reason: Error, isTold: boolean): void {
    this.#send({ type: "abort", reason: dataOfError(reason), isTold });
  }

  /** No job runs in this thread. */
  spares(): boolean {
    return false;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #handOn(message: ToJob): void {
    try {
      this.#send({ type: "to-job", message });
    } catch (error) {
      // Shared memory, for example, cannot go to another process.
      this.#job!.port.postMessage({ type: "threw", error: dataOfError(error) });
      this.#send({ type: "leave" });
    }
  }

  #receive(message: FromChild): void {
    switch (message.type) {
      case "imported":
        return this.#report(message);
      case "loaded":
        return this.#loaded.resolve();
      case "unloaded": {
        const { message: text, detail } = message.error;
        return this.#loaded.reject(new ApplicationLoadError(text, { cause: detail }));
      }
      case "from-job":
        return postMoved(this.#job!.port, message.message);
      case "over":
        return this.#job!.over.resolve(message.result);
    }
  }

  #send(message: ToChild): void {
    // A child that is about to exit takes no more messages. Its end is reported.
    if (this.#child.connected) this.#child.send(message);
  }

  #capture(stream: "stdout" | "stderr", output: Readable): void {
    createInterface(output).on("line", (text) => this.#report({ type: "output", stream, text }));
  }
}

/**
 * Options of Node.js that say how modules are loaded. No other is handed on: one may open the debugger's port again, run other code, or
 * read a file with the token into the environment.
 */
const HANDED_ON =
  /^(?:-r|-C|--(?:import|require|loader|conditions|enable-source-maps|max-old-space-size|permission|allow-.*|(?:no-)?experimental-.*))(?:=|$)/;

function isHandedOn(option: string, index: number, options: readonly string[]): boolean {
  const isValue = !option.startsWith("-");
  return HANDED_ON.test(isValue ? (options[index - 1] ?? "") : option);
}

function endOf(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === "SIGABRT") return "was ended by SIGABRT, as when its heap is full";
  return signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
}
