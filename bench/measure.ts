/**
 * One run: a stub and a server, each in its own process, from the server's start to its end. The server's CPU time and
 * memory are read from /proc.
 */

import { type ChildProcess, fork, spawn } from "node:child_process";
import { on, once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { now } from "./clock.ts";
import { faultsIn } from "./ledger.ts";
import type { Load } from "./load.ts";
import type { Peer, Place } from "./peers.ts";
import { cpuOf, type Memory, memoryOf } from "./proc.ts";
import type { FromStub, PhaseResult, ToStub } from "./stub.ts";

export interface Task {
  readonly peer: Peer;
  readonly load: Load;
  readonly workers: number;
  /** The rounds of hashing of a heavy update, and their time on one thread: ms. */
  readonly heavy?: { readonly rounds: number; readonly ms: number };
  /** The idle time before each reading of the server's memory, ahead of the first phase and after each phase: ms. */
  readonly settle?: number;
  /** Looks at the server's folder before it is stopped. */
  readonly inspect?: (folder: string) => Promise<void>;
  /** More of the server's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Begin of the server's command, before Node.js. It must become that command: the process stays the same. */
  readonly prefix?: readonly string[];
}

export interface Run {
  readonly startedAt: string;
  /** The reason why the run does not count. */
  readonly faults: string | undefined;
  /** From the start of the process to its first poll: ms. */
  readonly startMs: number;
  /** CPU time of the server from its start to the end of the last phase: us. */
  readonly cpu: number;
  readonly memoryAtStart: Memory;
  readonly phases: readonly (PhaseResult & { readonly memory: Memory })[];
  /** The time of one heavy update on one thread: ms. */
  readonly heavyMs?: number;
}

/** The result of a run whose server died. */
export function failedRun({ message }: Error): Run {
  const nothing = { resident: Number.NaN, peak: Number.NaN };
  return {
    startedAt: new Date().toISOString(),
    faults: message,
    startMs: Number.NaN,
    cpu: Number.NaN,
    memoryAtStart: nothing,
    phases: [],
  };
}

/** The longest time from a server's start to its first poll, and from SIGTERM to its end: ms. */
const START_TIMEOUT = 30_000;
const END_TIMEOUT = 15_000;
const TOKEN = "1:bench";

/** @throws an Error if the server dies, with the end of its log, or if it never polls */
export async function measure(task: Task): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "asgigram-bench-"));
  const stub = new Channel(fork(join(import.meta.dirname, "stub.ts")));
  try {
    stub.send({ type: "prepare", load: task.load });
    const { url } = await stub.receive("prepared");
    return await runPhases(task, stub, { apiUrl: url, folder, workers: task.workers });
  } finally {
    stub.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runPhases(task: Task, stub: Channel, place: Place): Promise<Run> {
  const { peer, load, heavy, settle = 0, env = {}, prefix = [] } = task;
  const startedAt = new Date().toISOString();
  const spawned = now();
  const server = new Server([...prefix, process.execPath, ...peer.command(place)], place, {
    ...environment(place, heavy?.rounds ?? 0),
    ...env,
  });
  try {
    const { at } = await Promise.race([stub.receive("polled"), server.death, neverPolled()]);
    await delay(settle);
    const memoryAtStart = memoryOf(server.pid);
    const phases: Run["phases"][number][] = [];
    for (const _ of load.phases) {
      stub.send({ type: "begin", pid: server.pid });
      const { result } = await Promise.race([stub.receive("done"), server.death]);
      await delay(settle);
      phases.push({ ...result, memory: memoryOf(server.pid) });
      if (faultsIn(result.verdict) !== undefined) break;
    }
    await task.inspect?.(place.folder);
    const cpu = cpuOf(server.pid);
    const faults = faultsIn(phases.at(-1)!.verdict);
    return {
      startedAt,
      faults,
      startMs: at - spawned,
      cpu,
      memoryAtStart,
      phases,
      ...(heavy && { heavyMs: heavy.ms }),
    };
  } finally {
    await server.stop();
  }
}

// A bench that is cut short leaves no server behind.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** The server under test. */
class Server {
  readonly pid: number;
  /** Rejects when the process ends. */
  readonly death: Promise<never>;
  readonly #process: ChildProcess;
  readonly #kill = () => this.#process.kill("SIGKILL");

  constructor(command: readonly string[], { folder: cwd }: Place, env: NodeJS.ProcessEnv) {
    const log = join(cwd, "log");
    const file = openSync(log, "w");
    const [program, ...args] = command;
    this.#process = spawn(program!, args, {
      cwd,
      env,
      stdio: ["ignore", file, file],
    });
    closeSync(file);
    this.pid = this.#process.pid!;
    this.death = once(this.#process, "exit").then(([code, signal]) => {
      throw new Error(`the server ended with ${signal ?? code}:\n${readFileSync(log, "utf8").slice(-2000)}`);
    });
    this.death.catch(() => {});
    process.once("exit", this.#kill);
  }

  /** Sends SIGTERM, then SIGKILL, as a container is stopped. */
  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    const patience = setTimeout(this.#kill, END_TIMEOUT);
    await this.death.catch(() => {});
    clearTimeout(patience);
    process.off("exit", this.#kill);
  }
}

function environment({ apiUrl, workers }: Place, rounds: number): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    NODE_ENV: "production",
    BENCH_API_URL: apiUrl,
    BENCH_TOKEN: TOKEN,
    BENCH_WORKERS: `${workers}`,
    BENCH_ROUNDS: `${rounds}`,
    ASGIGRAM_TOKEN: TOKEN,
  };
}

/** Messages between the harness and the stub. */
class Channel {
  readonly #stub: ChildProcess;
  readonly #messages: NodeJS.AsyncIterator<[FromStub]>;

  constructor(stub: ChildProcess) {
    this.#stub = stub;
    this.#messages = on(stub, "message") as NodeJS.AsyncIterator<[FromStub]>;
  }

  send(message: ToStub): void {
    this.#stub.send(message);
  }

  /** The stub's next message. @throws Error if it has another type: their order is fixed */
  async receive<Type extends FromStub["type"]>(type: Type): Promise<Extract<FromStub, { type: Type }>> {
    const { value } = await this.#messages.next();
    const [message] = value as [FromStub];
    if (message.type !== type) throw new Error(`the stub sent "${message.type}", not "${type}"`);
    return message as Extract<FromStub, { type: Type }>;
  }

  end(): void {
    this.#stub.disconnect();
  }
}

async function neverPolled(): Promise<never> {
  await delay(START_TIMEOUT, undefined, { ref: false });
  throw new Error(`the server did not poll within ${START_TIMEOUT / 1000} s`);
}
