/**
 * The threads that workers live in: Piscina pools in which each thread has one endless task, the host of one worker. No thread
 * is used twice: what it imported stays imported.
 */

import { extname } from "node:path";
import type { ResourceLimits } from "node:worker_threads";
import { Piscina } from "piscina";
import { applicationEnvironment } from "../protocol/environment.ts";
import type { HostTask } from "../protocol/port.ts";
import { mustEnd } from "../protocol/thread-end.ts";
import { makeSystemThreads } from "./system-threads.ts";

/** The built package has JavaScript beside JavaScript, the source tree TypeScript beside TypeScript. */
const HOST = new URL(`../../workers/host${extname(import.meta.url)}`, import.meta.url).href;

/**
 * Heap of a worker for objects that are new, half of Node.js's own limit: MB. V8 fills it with garbage before it collects any, so a busy
 * worker has all of it. `--max-semi-space-size` of Node.js goes before this.
 */
const YOUNG = 24;

export interface ThreadRunOptions {
  /** Ends the thread when it is aborted. */
  signal: AbortSignal;
  /** Called when a thread of the same pool died before it was up: this one may never be up, unless it is already. */
  onSpent(): void;
}

export class Threads {
  readonly #count: number;
  readonly #memory: number;
  /**
   * The running tasks of each pool. The first pool serves; others come only after it is spent: Piscina replaces no thread any
   * more once one of them died before it was up.
   */
  readonly #piscinas = new Map<Piscina, Set<ThreadRunOptions>>();
  readonly #spent = new Set<Piscina>();
  /** The ends of threads that were told to end. */
  readonly #ending = new Set<Promise<unknown>>();

  /**
   * @param count threads that run all the time; one more can run while it replaces another
   * @param memory bytes of heap of each; Infinity for Node.js's own limit
   */
  constructor(count: number, memory: number) {
    this.#count = count;
    this.#memory = memory;
  }

  /** Starts threads, so that they are up when the first hosts are run. @param count all of them, unless fewer may be needed */
  start(count = this.#count): void {
    makeSystemThreads();
    this.#add(count, this.#count + 1);
  }

  /** Runs a host in a thread of its own; resolves or rejects when that thread has ended. */
  async run(task: HostTask, options: ThreadRunOptions): Promise<void> {
    const [piscina, running] = this.#free();
    running.add(options);
    let ended: Promise<unknown> | undefined;
    const watch = () => {
      ended = this.#watchEnds(piscina);
    };
    options.signal.addEventListener("abort", watch, { once: true });
    try {
      // Piscina infers the type of its transfer list from the wrong overload of postMessage.
      await piscina.run(task, { transferList: [task.port, task.jobs] as never, signal: options.signal });
    } finally {
      // What the thread holds, a port for example, is free only then.
      await ended;
      running.delete(options);
    }
  }

  /** Ends all threads. */
  async destroy(): Promise<void> {
    const pools = [...this.#piscinas.keys()];
    for (const piscina of pools) void this.#watchEnds(piscina);
    await Promise.all(pools.map((piscina) => piscina.destroy()));
    await Promise.all(this.#ending);
  }

  /** Resolves when the threads have ended that are told to end in this turn: Piscina does not wait for them. */
  async #watchEnds(piscina: Piscina): Promise<void> {
    const before = piscina.threads;
    await Promise.resolve();
    // A thread that is gone has no id. Its exit has been told.
    const told = before.filter((thread) => !piscina.threads.includes(thread) && thread.threadId !== -1);
    await Promise.all(told.map((thread) => this.#watchEnd(thread)));
  }

  async #watchEnd(thread: Piscina["threads"][number]): Promise<void> {
    const ended = new Promise((resolve) => thread.once("exit", resolve));
    this.#ending.add(ended);
    mustEnd(ended);
    await ended;
    this.#ending.delete(ended);
  }

  #free(): [Piscina, Set<ThreadRunOptions>] {
    const pools = [...this.#piscinas];
    const free = pools.find(([piscina, running]) => !this.#spent.has(piscina) && running.size < piscina.maxThreads);
    return free ?? this.#add(1, 1);
  }

  #add(minThreads: number, maxThreads: number): [Piscina, Set<ThreadRunOptions>] {
    const piscina = new Piscina({
      filename: HOST,
      minThreads,
      maxThreads,
      concurrentTasksPerWorker: 1,
      // Any other value blocks the thread between messages, and with it everything asynchronous in it.
      atomics: "disabled",
      recordTiming: false,
      env: applicationEnvironment(),
      argv: [],
      resourceLimits: limits(this.#memory),
    });
    const running = new Set<ThreadRunOptions>();
    // A thread that dies at its task fails that task. A thread that dies without one died before it was up.
    piscina.on("error", () => {
      this.#spent.add(piscina);
      for (const { onSpent } of running) onSpent();
    });
    this.#piscinas.set(piscina, running);
    return [piscina, running];
  }
}

function limits(memory: number): ResourceLimits {
  const young = { maxYoungGenerationSizeMb: YOUNG };
  return memory === Number.POSITIVE_INFINITY ? young : { ...young, maxOldGenerationSizeMb: memory / 2 ** 20 };
}
