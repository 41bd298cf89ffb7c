/**
 * One run: a stub and a server, each a process of its own, from the server's start to its end. What the server uses is read
 * from /proc, from outside.
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
  /** How much hashing a heavy update asks for, and what it takes one thread: ms. */
  readonly heavy?: { readonly rounds: number; readonly ms: number };
  /** How long the server is left alone before its memory is read, ahead of the first phase and after each: ms. */
  readonly settle?: number;
}

export interface Run {
  readonly startedAt: string;
  /** Why this is no result. */
  readonly faults: string | undefined;
  /** From the start of the process to its first poll: ms. */
  readonly startMs: number;
  /** Of the server's whole life up to the end of the last phase, its start included: us. */
  readonly cpu: number;
  readonly memoryAtStart: Memory;
  readonly phases: readonly (PhaseResult & { readonly memory: Memory })[];
  /** What one thread would have taken for one heavy update: ms. */
  readonly heavyMs?: number;
}

/** What is left of a run whose server died. */
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

/** How long a server may take to poll for the first time, and to end when it is told to: ms. */
const START_TIMEOUT = 30_000;
const END_TIMEOUT = 15_000;
const TOKEN = "1:bench";

/** @throws an Error with the end of the server's log, if it dies, or never polls */
export async function measure(task: Task): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "asgigram-bench-"));
  const stub = new Channel(fork(join(import.meta.dirname, "stub.ts")));
  try {
    stub.send({ type: "prepare", load: task.load });
    const { url } = await stub.receive("prepared");
    return await attend(task, stub, { apiUrl: url, folder, workers: task.workers });
  } finally {
    stub.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function attend(task: Task, stub: Channel, place: Place): Promise<Run> {
  const { peer, load, heavy, settle = 0 } = task;
  const startedAt = new Date().toISOString();
  const spawned = now();
  const server = new Server(peer, place, heavy?.rounds ?? 0);
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

/** The server under test. */
class Server {
  readonly pid: number;
  /** Rejects when it ends of itself. */
  readonly death: Promise<never>;
  readonly #process: ChildProcess;

  constructor(peer: Peer, place: Place, rounds: number) {
    const { folder: cwd } = place;
    const log = join(cwd, "log");
    const file = openSync(log, "w");
    this.#process = spawn(process.execPath, peer.command(place), {
      cwd,
      env: environment(place, rounds),
      stdio: ["ignore", file, file],
    });
    closeSync(file);
    this.pid = this.#process.pid!;
    this.death = once(this.#process, "exit").then(([code, signal]) => {
      throw new Error(`the server ended with ${signal ?? code}:\n${readFileSync(log, "utf8").slice(-2000)}`);
    });
    this.death.catch(() => {});
  }

  /** As a container is stopped: asked first. */
  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    const patience = setTimeout(() => this.#process.kill("SIGKILL"), END_TIMEOUT);
    await this.death.catch(() => {});
    clearTimeout(patience);
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

/** What is said between the harness and the stub. */
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

  /** What the stub says comes in an order that is known. */
  async receive<Type extends FromStub["type"]>(type: Type): Promise<Extract<FromStub, { type: Type }>> {
    const { value } = await this.#messages.next();
    const [message] = value as [FromStub];
    if (message.type !== type) throw new Error(`the stub said "${message.type}", not "${type}"`);
    return message as Extract<FromStub, { type: Type }>;
  }

  end(): void {
    this.#stub.disconnect();
  }
}

async function neverPolled(): Promise<never> {
  await delay(START_TIMEOUT, undefined, { ref: false });
  throw new Error(`the server has not polled within ${START_TIMEOUT / 1000} s`);
}
