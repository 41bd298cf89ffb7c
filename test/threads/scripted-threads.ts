/** Threads without threads: the test plays the host of each worker. */

import { EventEmitter, once } from "node:events";
import type { HostTask, ToMain, ToWorker } from "../../src/protocol/port.ts";
import { Pulse } from "../../src/protocol/pulse.ts";
import type { ThreadRunOptions } from "../../src/threads/threads.ts";

export class ScriptedThreads {
  /** The hosts, in the order of their start. */
  readonly hosts: ScriptedHost[] = [];
  readonly #started = new EventEmitter<{ started: [] }>();

  run(task: HostTask, options: ThreadRunOptions): Promise<void> {
    const host = new ScriptedHost(task, options);
    this.hosts.push(host);
    this.#started.emit("started");
    return host.over;
  }

  async destroy(): Promise<void> {
    for (const host of this.hosts) host.die(new Error("the threads are destroyed"));
  }

  /** The nth host, from 0, as soon as it is started. */
  async host(nth: number): Promise<ScriptedHost> {
    while (this.hosts.length <= nth) await once(this.#started, "started");
    return this.hosts[nth]!;
  }
}

/** The host of one worker. It dies as told, or when its worker is killed. */
export class ScriptedHost {
  readonly task: HostTask;
  readonly pulse: Pulse;
  readonly options: ThreadRunOptions;
  readonly over: Promise<void>;
  /** Items of the main thread, by message. */
  readonly messages: ToWorker[][] = [];
  readonly #over = Promise.withResolvers<void>();
  readonly #received = new EventEmitter<{ message: [] }>();

  constructor(task: HostTask, options: ThreadRunOptions) {
    this.task = task;
    this.options = options;
    this.pulse = new Pulse(task.pulse);
    this.over = this.#over.promise;
    task.port.on("message", (items: ToWorker[]) => {
      this.messages.push(items);
      this.#received.emit("message");
    });
    options.signal.addEventListener("abort", () => this.die(new Error("the task was aborted")));
  }

  /** The error that its worker was killed with; undefined if it was not killed. */
  get killed(): Error | undefined {
    return this.options.signal.reason;
  }

  get isKilled(): boolean {
    return this.options.signal.aborted;
  }

  /** Posts items to the main thread. */
  post(...items: ToMain[]): void {
    this.task.port.postMessage(items);
  }

  /** Ends the thread; without an error, as if the host returned. */
  die(error?: Error): void {
    if (error === undefined) this.#over.resolve();
    else this.#over.reject(error);
  }

  /** Resolves with the next item of that type, or the one that has come already. */
  async item<Type extends ToWorker["type"]>(type: Type): Promise<Extract<ToWorker, { type: Type }>> {
    for (;;) {
      const found = this.messages.flat().find((item) => item.type === type);
      if (found !== undefined) return found as Extract<ToWorker, { type: Type }>;
      await once(this.#received, "message");
    }
  }
}
