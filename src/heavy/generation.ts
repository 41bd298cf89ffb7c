/**
 * The modules and shared values of one generation: those of the threads that imported the application between two reloads. A reload
 * begins a new one, so that its workers meet the new code.
 */

import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { MessagePort } from "node:worker_threads";
import type { JobOutcome } from "../protocol/job-facts.ts";
import type { FromHeavyThread, HeavyPlace, LogLevel, ModuleOptions } from "../protocol/port.ts";
import type { HeavyJob } from "./job.ts";
import { HeavyModule } from "./module.ts";
import { SharedValue } from "./shared-value.ts";
import { HeavyThread } from "./thread.ts";

export interface GenerationOptions {
  /** Threads of a module that does not say how many it wants. */
  threads: number;
  /** Bytes of heap of each thread; Infinity for Node.js's own limit. */
  memory: number;
  /** URLs of the modules that threads import before. */
  imports: readonly string[];
  /** True to report the files that modules import. */
  watch: boolean;
  /** True if the workers run at a lower priority than the main thread. */
  workersYield: boolean;
  /** True to report output; else it goes to the output of the process. */
  captures: boolean;
  hasRoom: (() => boolean) | undefined;
  /** Ends an idle thread, if there is one. */
  makeRoom(): void;
  /** @returns a jobs port for a heavy thread */
  attach(): MessagePort;
  onStarting(loaded: Promise<void>): void;
  onImported(file: string): void;
  printed(module: string, stream: "stdout" | "stderr", text: string): void;
  said(module: string, level: LogLevel, message: string, error?: string): void;
  jobEnded(module: string, job: HeavyJob, outcome: JobOutcome): void;
  crashed(module: string): void;
}

export class Generation {
  readonly #options: GenerationOptions;
  readonly #modules = new Map<string, { readonly name: string; readonly module: HeavyModule }>();
  readonly #named = new Map<string, ModuleOptions>();
  readonly #shared = new Map<string, SharedValue>();

  constructor(options: GenerationOptions) {
    this.#options = options;
  }

  get modules(): Iterable<{ readonly name: string; readonly module: HeavyModule }> {
    return this.#modules.values();
  }

  /** The module, which is loaded if it is not yet. The options of the first who names it hold, also after a failure to load it. */
  module(url: string, options: ModuleOptions = {}): HeavyModule {
    const known = this.#modules.get(url);
    if (known !== undefined) return known.module;
    const named = this.#named.get(url) ?? options;
    this.#named.set(url, named);
    const { threads, process = false, queue } = named;
    const { hasRoom, makeRoom, said, jobEnded, crashed, threads: usual } = this.#options;
    const name = nameOf(url);
    const module = new HeavyModule({
      name,
      threads: threads ?? usual,
      queue,
      startThread: () => this.#startThread(url, name, process ? "process" : "thread"),
      hasRoom,
      makeRoom,
      said: (...line) => said(name, ...line),
      jobEnded: (job, outcome) => jobEnded(name, job, outcome),
      crashed: () => crashed(name),
    });
    this.#modules.set(url, { name, module });
    // The next request for it, as of a worker that is started again, makes another attempt.
    module.loaded.catch(() => this.#modules.delete(url));
    return module;
  }

  /** The value of the module's default export, which runs when the value is wanted for the first time. */
  share(url: string): Promise<unknown> {
    const known = this.#shared.get(url);
    if (known !== undefined) return known.value;
    const name = nameOf(url);
    const shared = new SharedValue(name, (onMessage) => this.#startThread(url, name, "shared", onMessage));
    this.#shared.set(url, shared);
    shared.value.catch(() => this.#shared.delete(url));
    return shared.value;
  }

  /** Ends the threads, each when it has nothing to do. Resolves when they are gone. */
  async retire(): Promise<void> {
    await Promise.all([
      ...[...this.#modules.values()].map(({ module }) => module.retire()),
      ...[...this.#shared.values()].map((shared) => shared.close()),
    ]);
  }

  /** Ends all threads at once. Resolves when they are gone. */
  async close(reason: Error): Promise<void> {
    await Promise.all([
      ...[...this.#modules.values()].map(({ module }) => module.close(reason)),
      ...[...this.#shared.values()].map((shared) => shared.close()),
    ]);
  }

  #startThread(
    module: string,
    name: string,
    kind: HeavyPlace["kind"],
    onMessage: (message: FromHeavyThread) => void = () => {},
  ): HeavyThread {
    const { memory, imports, watch, workersYield, captures, attach, onStarting, onImported, printed, said } =
      this.#options;
    const thread = new HeavyThread({
      module,
      name,
      kind,
      imports,
      captures,
      watch,
      workersYield,
      memory,
      jobs: attach(),
      onMessage: (message) => {
        if (message.type === "imported") onImported(message.file);
        else if (message.type === "output") printed(name, message.stream, message.text);
        else if (message.type === "crash") said(name, "error", message.message, message.error);
        else onMessage(message);
      },
    });
    onStarting(thread.loaded);
    return thread;
  }
}

/** The module as people know it: its path, relative to the directory in which they are, if it is below that. */
function nameOf(url: string): string {
  const path = fileURLToPath(url);
  const below = relative(process.cwd(), path);
  return below.startsWith("..") ? path : below;
}
