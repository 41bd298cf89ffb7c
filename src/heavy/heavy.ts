/**
 * The heavy threads: modules whose functions run apart from all that answers people. A thread that wants to call such functions is
 * attached by a port, and says on it what it wants (`ToHeavy` in protocol/port.ts). Arguments and results do not pass this thread.
 *
 *   a generation: attached to -- its last thread is gone, and another generation has threads --> its threads end when they are idle
 */

import { availableParallelism } from "node:os";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { DisconnectedError } from "../protocol/errors.ts";
import type { JobFacts, ModuleStatus } from "../protocol/job-facts.ts";
import type { LogLevel } from "../protocol/port.ts";
import { Client } from "./client.ts";
import { Generation } from "./generation.ts";
import type { HeavyModule } from "./module.ts";

export interface HeavyOptions {
  /** Threads of a module that does not say how many it wants. Default: one for each processor. */
  threads?: number;
  /** Bytes of heap of each thread. Default: Node.js's own limit. */
  memory?: number;
  /** URLs of the modules that threads import before. */
  imports?: readonly string[];
  /** True if the workers run at a lower priority than the main thread. */
  workersYield?: boolean;
  /** True if there is memory for one more thread. Without it there always is. */
  hasRoom?: (() => boolean) | undefined;
  /** Called when a thread starts. */
  onStarting?(loaded: Promise<void>): void;
  /** Takes output and messages of heavy threads. Without it output goes to the output of the process. */
  words?: HeavyWords;
  diagnostics?: HeavyFacts;
  /** Called with each file that modules import. */
  onImported?: ((file: string) => void) | undefined;
}

/** The log of the heavy threads. `module`: its path. */
export interface HeavyWords {
  printed(module: string, stream: "stdout" | "stderr", text: string): void;
  said(module: string, level: LogLevel, message: string, error?: string): void;
}

/** Takes what happens to jobs and heavy threads. */
export interface HeavyFacts {
  jobEnded(job: JobFacts): void;
}

interface Attached {
  readonly generation: Generation;
  /** Workers that are attached to it. Its own heavy threads do not count. */
  readonly workers: Set<Client>;
}

export class Heavy {
  readonly #options: HeavyOptions;
  readonly #generations = new Map<number, Attached>();
  /** Generations whose last threads are still at work. */
  readonly #retired = new Set<Generation>();
  /** Ports of all threads. */
  readonly #clients = new Set<Client>();
  readonly #crashes = new Map<string, number>();
  #refusal: Error | undefined;

  constructor(options: HeavyOptions = {}) {
    this.#options = options;
  }

  /** The modules of all generations. */
  get status(): ModuleStatus[] {
    const status = new Map<string, ModuleStatus>();
    for (const { name, module } of this.#modules()) {
      const { running = 0, waiting = 0, threads = 0 } = status.get(name) ?? {};
      const own = module.status;
      status.set(name, {
        module: name,
        running: running + own.running,
        waiting: waiting + own.waiting,
        threads: threads + own.threads,
        crashes: this.#crashes.get(name) ?? 0,
      });
    }
    return [...status.values()];
  }

  /**
   * Attaches a thread that has imported the application, or is about to.
   * @param generation number of reloads before it
   * @returns the thread's end of its jobs port. It is detached when that is closed.
   */
  attach({ generation: number }: { worker: number; generation: number }): MessagePort {
    const { generation, workers } = this.#generations.get(number) ?? this.#begin(number);
    return this.#connect(generation, workers);
  }

  /** Ends an idle thread, which is started again when a job needs it. @returns false if there is none to spare */
  shrink(): boolean {
    const modules = [...this.#modules()].map(({ module }) => module);
    return [false, true].some((toNone) => modules.some((module) => module.shrink(toNone)));
  }

  /** Refuses the jobs that wait, and those that come, and tells those that run. Resolves when none does. */
  async drain(): Promise<void> {
    this.#refusal ??= stopping();
    await Promise.all([...this.#modules()].map(({ module }) => module.drain(this.#refusal!)));
  }

  /** Ends all threads at once. Resolves when they are gone. */
  async close(): Promise<void> {
    this.#refusal ??= stopping();
    const current = [...this.#generations.values()].map(({ generation }) => generation);
    await Promise.all([...current, ...this.#retired].map((generation) => generation.close(this.#refusal!)));
    for (const client of this.#clients) client.close();
  }

  #begin(number: number): Attached {
    const { words, diagnostics, onImported, onStarting, hasRoom } = this.#options;
    const { threads = availableParallelism(), memory = Number.POSITIVE_INFINITY, imports = [] } = this.#options;
    const generation: Generation = new Generation({
      threads,
      memory,
      imports,
      watch: onImported !== undefined,
      workersYield: this.#options.workersYield ?? false,
      captures: words !== undefined,
      hasRoom,
      makeRoom: () => void this.shrink(),
      attach: () => this.#connect(generation),
      onStarting: (loaded) => onStarting?.(loaded),
      onImported: (file) => onImported?.(file),
      printed: (...line) => words?.printed(...line),
      said: (...line) => words?.said(...line),
      jobEnded: (module, { order, times }, outcome) => {
        diagnostics?.jobEnded({ module, function: order.name, outcome, ...times });
      },
      crashed: (module) => {
        this.#crashes.set(module, (this.#crashes.get(module) ?? 0) + 1);
      },
    });
    const attached = { generation, workers: new Set<Client>() };
    this.#generations.set(number, attached);
    return attached;
  }

  /** @param workers undefined for a heavy thread */
  #connect(generation: Generation, workers?: Set<Client>): MessagePort {
    const { port1, port2 } = new MessageChannel();
    const client = new Client(port1, generation, () => {
      this.#clients.delete(client);
      workers?.delete(client);
      this.#retireUnused();
    });
    this.#clients.add(client);
    workers?.add(client);
    this.#retireUnused();
    return port2;
  }

  /** A generation without workers ends, unless no generation has any: then its workers have died and will be back. */
  #retireUnused(): void {
    const generations = [...this.#generations];
    if (generations.every(([, { workers }]) => workers.size === 0)) return;
    for (const [number, { generation, workers }] of generations) {
      if (workers.size > 0) continue;
      this.#generations.delete(number);
      this.#retired.add(generation);
      void generation.retire().then(() => this.#retired.delete(generation));
    }
  }

  *#modules(): Iterable<{ readonly name: string; readonly module: HeavyModule }> {
    for (const { generation } of this.#generations.values()) yield* generation.modules;
  }
}

/** An application that lets it escape has not settled its event, which stays in the inbox. */
function stopping(): DisconnectedError {
  return new DisconnectedError("the job was not finished: the server is stopping");
}
