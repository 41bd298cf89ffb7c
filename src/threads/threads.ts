/**
 * The threads that workers live in: Piscina pools, in which each thread has one endless task, the host of one worker. A thread
 * is never used twice: what has been imported in it stays imported.
 */

import { stat } from "node:fs";
import { extname } from "node:path";
import { Piscina } from "piscina";
import type { HostTask } from "../protocol/port.ts";

/** The built package has JavaScript beside JavaScript, the source tree TypeScript beside TypeScript. */
const HOST = new URL(`../../workers/host${extname(import.meta.url)}`, import.meta.url).href;

export interface RunOptions {
  /** Ends the thread when it is aborted, whatever it is doing. */
  signal: AbortSignal;
  /** A thread of the same pool has died before it was up; this one may never be, unless it is already. */
  onSpent(): void;
}

export class Threads {
  readonly #memory: number | undefined;
  /**
   * What runs on each. The first is the pool; others come only where that one has given up: Piscina replaces no thread any more
   * once one of them has died before it was up. Such a pool is spent.
   */
  readonly #piscinas = new Map<Piscina, Set<RunOptions>>();
  readonly #spent = new Set<Piscina>();

  /**
   * @param count of those that run all the time; one more can run while it takes another's place
   * @param memory megabytes of heap that each may have; Node.js's own limit without
   */
  constructor(count: number, memory: number | undefined) {
    this.#memory = memory;
    makeSystemThreads();
    this.#add(count, count + 1);
  }

  /** Runs a host in a thread of its own; resolves or rejects when that thread is gone. */
  async run(task: HostTask, options: RunOptions): Promise<void> {
    const [piscina, running] = this.#free();
    running.add(options);
    try {
      // Piscina's type for a transfer list is inferred from another overload of postMessage than it means.
      await piscina.run(task, { transferList: [task.port] as never, signal: options.signal });
    } finally {
      running.delete(options);
    }
  }

  /** Ends them all. */
  async destroy(): Promise<void> {
    await Promise.all([...this.#piscinas.keys()].map((piscina) => piscina.destroy()));
  }

  #free(): [Piscina, Set<RunOptions>] {
    const pools = [...this.#piscinas];
    const free = pools.find(([piscina, running]) => !this.#spent.has(piscina) && running.size < piscina.maxThreads);
    return free ?? this.#add(1, 1);
  }

  #add(minThreads: number, maxThreads: number): [Piscina, Set<RunOptions>] {
    const piscina = new Piscina({
      filename: HOST,
      minThreads,
      maxThreads,
      concurrentTasksPerWorker: 1,
      // Any other value blocks the thread between messages, and with it everything asynchronous in it.
      atomics: "disabled",
      recordTiming: false,
      env: environment(),
      argv: [],
      ...(this.#memory === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: this.#memory } }),
    });
    const running = new Set<RunOptions>();
    // A thread that dies at its task fails that task. One that dies without has died before it was up.
    piscina.on("error", () => {
      this.#spent.add(piscina);
      for (const { onSpent } of running) onSpent();
    });
    this.#piscinas.set(piscina, running);
    return [piscina, running];
  }
}

/**
 * Node.js has files read, disks flushed and names resolved by some threads that the whole process shares. They are made when they
 * are first needed, with the priority of whoever needs them: that must be the main thread, and not a worker that stands behind it.
 */
function makeSystemThreads(): void {
  stat(".", () => {});
}

/** What applications may see of the process's environment: all but this server's own settings, the token among them. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ASGIGRAM_")));
}
