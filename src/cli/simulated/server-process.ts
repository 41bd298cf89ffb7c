/**
 * The server of `asgigram simulate` in a process of its own, which can be killed:
 *
 *   starting -- it serves --> serving -- killed by a signal --> starting
 *   starting, serving -- killServer() --> starting
 *   starting -- killed by another signal --> ended
 *   starting, serving -- it exits by itself --> ended -- killServer() --> starting
 *   any of them -- stop() --> gone
 */

import { type ChildProcess, fork, type StdioOptions } from "node:child_process";
import { constants } from "node:os";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { BotServer, Report, ServerState } from "../../../simulator/inspector/bot-server.ts";
import type { Values } from "../../config/sources.ts";
import type { Typed } from "../command-line.ts";
import type { Context } from "../context.ts";
import type { FromServerProcess, ToServerProcess } from "./messages.ts";

/** The built package has JavaScript beside JavaScript, the source tree TypeScript beside TypeScript. */
const ENTRY = fileURLToPath(new URL(`./child${extname(import.meta.url)}`, import.meta.url));

export interface ServerProcessOptions {
  readonly typed: Typed;
  readonly options: Values & { token: string };
  readonly context: Context;
}

type Order = { type: "kill-worker"; worker: number } | { type: "reload" };

export class ServerProcess implements BotServer {
  readonly #options: ServerProcessOptions;
  readonly #observers = new Set<(state: ServerState) => void>();
  readonly #listeners = new Set<(report: Report) => void>();
  /** Orders without an answer. */
  readonly #orders = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  #count = 0;
  #child!: ChildProcess;
  #over!: Promise<void>;
  #isStopping = false;
  /** killServer() was called. */
  #isKilled = false;
  #state: ServerState = { phase: "starting", pid: 0, starts: 0, isApart: true };

  constructor(options: ServerProcessOptions) {
    this.#options = options;
    this.#start();
  }

  get state(): ServerState {
    return this.#state;
  }

  observe(listener: (state: ServerState) => void): () => void {
    this.#observers.add(listener);
    return () => this.#observers.delete(listener);
  }

  watch(listener: (report: Report) => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#send({ type: "watch", isWatched: true });
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#send({ type: "watch", isWatched: false });
    };
  }

  killWorker(worker: number): Promise<void> {
    return this.#order({ type: "kill-worker", worker });
  }

  reload(): Promise<void> {
    return this.#order({ type: "reload" });
  }

  async killServer(): Promise<void> {
    if (this.#state.phase === "ended") return this.#start();
    this.#isKilled = true;
    this.#child.kill("SIGKILL");
    await this.#over;
  }

  /** Resolves when the process has stopped as told. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#send({ type: "stop" });
    await this.#over;
  }

  #start(): void {
    const { context, typed, options } = this.#options;
    const child = fork(ENTRY, {
      cwd: context.cwd,
      env: context.env,
      // A debugger has its port in this process.
      execArgv: process.execArgv.filter((option) => !option.startsWith("--inspect")),
      serialization: "advanced",
      stdio: stdioOf(context),
    });
    this.#child = child;
    this.#isKilled = false;
    child.stdout?.setEncoding("utf8").on("data", (text) => context.stdout.write(text));
    child.stderr?.setEncoding("utf8").on("data", (text) => context.writeLog?.(text));
    child.on("message", (message: FromServerProcess) => this.#receive(message));
    this.#over = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        this.#closed(code, signal);
        resolve();
      });
    });
    this.#turn({ phase: "starting", pid: child.pid ?? 0, starts: this.#state.starts + 1, isApart: true });
    this.#send({ type: "start", typed, options, isWatched: this.#listeners.size > 0 });
  }

  #closed(code: number | null, signal: NodeJS.Signals | null): void {
    for (const { reject } of this.#orders.values()) reject(new Error("the server's process has ended"));
    this.#orders.clear();
    if (this.#isStopping) return;
    // A process that is killed at each start would be started for ever.
    if (signal !== null && (this.#isKilled || this.#state.phase === "serving")) return this.#start();
    const { exitCode: _, ...before } = this.#state;
    this.#turn({ ...before, phase: "ended", exitCode: code ?? 128 + constants.signals[signal!] });
  }

  #receive(message: FromServerProcess): void {
    switch (message.type) {
      case "serving":
        return this.#turn({ ...this.#state, phase: "serving" });
      case "reports":
        for (const report of message.reports) for (const listener of this.#listeners) listener(report);
        return;
      case "done": {
        const { resolve, reject } = this.#orders.get(message.order)!;
        this.#orders.delete(message.order);
        if (message.error === undefined) resolve();
        else reject(new Error(message.error));
      }
    }
  }

  async #order(order: Order): Promise<void> {
    if (this.#state.phase !== "serving")
      throw new Error(`the server is not serving: its process is ${this.#state.phase}`);
    const number = ++this.#count;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#orders.set(number, { resolve, reject });
    this.#send({ ...order, order: number });
    await promise;
  }

  #send(message: ToServerProcess): void {
    // A process that is about to end takes no more messages. Its end is seen.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #turn(state: ServerState): void {
    this.#state = state;
    for (const observer of this.#observers) observer(state);
  }
}

/** Its output is this process's output, unless lines of the log are wanted. */
function stdioOf({ writeLog }: Context): StdioOptions {
  return writeLog === undefined ? ["ignore", "inherit", "inherit", "ipc"] : ["ignore", "pipe", "pipe", "ipc"];
}
