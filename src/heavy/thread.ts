/**
 * One heavy thread: a Piscina of one thread, whose first task loads the module. It runs one job at a time.
 *
 *   loading -- loaded --> idle -- run() --> running -- the job is over --> idle
 *   any of them -- kill(), or the thread dies --> over, as soon as the thread is gone
 */

import { extname } from "node:path";
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Transferable } from "node:worker_threads";
import { Piscina } from "piscina";
import { applicationEnvironment } from "../protocol/environment.ts";
import { dataOfError } from "../protocol/error-data.ts";
import { ApplicationLoadError } from "../protocol/errors.ts";
import type { FromHeavyThread, HeavyPlace, HeavyResult, HeavyTask, JobTask, ToHeavyThread } from "../protocol/port.ts";
import { mustEnd } from "../protocol/thread-end.ts";

/** The built package has JavaScript beside JavaScript, the source tree TypeScript beside TypeScript. */
const HOST = new URL(`../../workers/heavy/host${extname(import.meta.url)}`, import.meta.url).href;

export interface HeavyThreadOptions extends HeavyPlace {
  /** The thread's end of a jobs port. */
  jobs: MessagePort;
  /** Bytes of heap; Infinity for Node.js's own limit. */
  memory: number;
  onMessage(message: FromHeavyThread): void;
}

export class HeavyThread {
  /**
   * Resolves when the module is loaded and warm.
   * @throws ApplicationLoadError
   */
  readonly loaded: Promise<void>;
  /** Resolves when the thread is gone, with the cause if it died by itself. */
  readonly over: Promise<string | undefined>;
  /** True once the module was loaded. */
  isLoaded = false;
  /** True if it is to end after its job, for a fault of an earlier one. */
  isSpent = false;
  /** Cause of the death, as far as the thread has told it. */
  #cause: string | undefined;
  #isKilled = false;
  /** Number of jobs so far. */
  #jobs = 0;
  readonly #options: HeavyThreadOptions;
  readonly #piscina: Piscina;
  readonly #control: MessagePort;

  constructor(options: HeavyThreadOptions) {
    const { memory } = options;
    this.#options = options;
    this.#piscina = new Piscina({
      filename: HOST,
      // With a minimum, Piscina would replace a dead thread at once. The replacement would not be this one.
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      // Any other value blocks the thread between messages, and with it everything asynchronous in it.
      atomics: "disabled",
      recordTiming: false,
      env: applicationEnvironment(),
      argv: [],
      ...(memory === Number.POSITIVE_INFINITY ? {} : { resourceLimits: { maxOldGenerationSizeMb: memory / 2 ** 20 } }),
    });
    const { port1, port2 } = new MessageChannel();
    this.#control = port1;
    port1.on("message", (message: FromHeavyThread) => this.#receive(message));
    // Only a task keeps the process alive, as Piscina sees to it.
    port1.unref();
    const over = Promise.withResolvers<string | undefined>();
    this.over = over.promise;
    this.loaded = this.#load(port2);
    this.loaded.catch(() => {});
    const [thread] = this.#piscina.threads;
    thread!.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ERR_WORKER_OUT_OF_MEMORY") this.#cause ??= "its heap was full";
    });
    thread!.once("exit", () => over.resolve(this.#end()));
    // Piscina repeats the error of a thread that dies without a task.
    this.#piscina.on("error", () => {});
  }

  /** True once it had a job. */
  get hasRun(): boolean {
    return this.#jobs > 0;
  }

  /**
   * Runs a job.
   * @returns undefined if the job's port is closed, because the caller is gone
   * @throws Error with the cause if the thread died or was killed, when it is gone
   */
  async run({ name, port }: Pick<JobTask, "name" | "port">): Promise<HeavyResult["outcome"]> {
    try {
      this.#jobs += 1;
      const { outcome, isSpent = false } = await this.#perform({ type: "job", number: this.#jobs, name, port }, [port]);
      this.isSpent = isSpent;
      return outcome;
    } catch (error) {
      if ((error as Error).name === "DataCloneError") return undefined;
      throw error;
    }
  }

  /** Aborts the signal of the job that it runs. @param isTold the caller has the error already, and gets no answer */
  abort(reason: Error, isTold: boolean): void {
    this.#post({ type: "abort", number: this.#jobs, reason: dataOfError(reason), isTold });
  }

  /** Ends the thread at once. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    mustEnd(this.over);
    // An idle thread does not keep the process alive, which waits for the thread's end.
    this.#piscina.threads[0]?.ref();
    // The thread ends itself when its child process is gone.
    if (this.#options.kind === "process") this.#post({ type: "kill" });
    else await this.#piscina.destroy();
    await this.over;
  }

  async #load(control: MessagePort): Promise<void> {
    const { module, name, kind, imports, captures, watch, workersYield, jobs } = this.#options;
    const task: HeavyTask = { type: "load", module, name, kind, imports, captures, watch, workersYield, control, jobs };
    const { unloaded } = await this.#perform(task, [control, jobs]).catch(({ message }): HeavyResult => {
      return { unloaded: { name: "ApplicationLoadError", message: `${name} could not be loaded: ${message}` } };
    });
    if (unloaded !== undefined) throw new ApplicationLoadError(unloaded.message, { cause: unloaded.detail });
    this.isLoaded = true;
  }

  async #perform(task: HeavyTask, transferList: readonly Transferable[]): Promise<HeavyResult> {
    try {
      // Piscina infers the type of its transfer list from the wrong overload of postMessage.
      return (await this.#piscina.run(task, { transferList: transferList as never })) as HeavyResult;
    } catch (error) {
      // A closed port cannot be posted. The thread lives on.
      if ((error as Error).name === "DataCloneError") throw error;
      // Piscina rejects before the thread is gone.
      throw new Error((await this.over) ?? "it was ended");
    }
  }

  #receive(message: FromHeavyThread): void {
    // The end of a child process that was asked for is none.
    if (message.type === "crash" && this.#isKilled) return;
    if (message.type === "crash") this.#cause ??= message.message;
    this.#options.onMessage(message);
  }

  #post(message: ToHeavyThread): void {
    this.#control.postMessage(message);
  }

  /** The thread is gone. Messages that it posted before still count. */
  #end(): string | undefined {
    for (let left = receiveMessageOnPort(this.#control); left !== undefined; ) {
      this.#receive(left.message);
      left = receiveMessageOnPort(this.#control);
    }
    this.#control.close();
    return this.#isKilled ? undefined : (this.#cause ?? "the thread ended by itself");
  }
}
