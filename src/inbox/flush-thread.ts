/**
 * Flushes the inbox's write-ahead log to the disk in a thread of its own. libuv's pool would flush it as well, but there a flush
 * waits behind everything that applications do with files, sharp, zlib and crypto.
 *
 *   idle -- flush() --> running -- flush() --> running, and one more is to follow
 *   running -- the disk has it --> idle, or the flush that is to follow runs
 *   running -- the disk or the thread fails --> failed, for good: what the disk has is unknown then
 */

import { extname } from "node:path";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { errorOfData } from "../protocol/error-data.ts";
import type { FlushOutcome } from "../protocol/port.ts";

/** The built package has JavaScript beside JavaScript, the source tree TypeScript beside TypeScript. */
const HOST = new URL(`./flush-host${extname(import.meta.url)}`, import.meta.url);

/**
 * The thread makes system calls and little else. Modules that the process's flags preload are not for it. Under `--permission` it
 * inherits the flags, as its rights are among them.
 */
const OPTIONS: WorkerOptions =
  process.permission === undefined
    ? {
        execArgv: [],
        env: {},
        resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
      }
    : {};

export class FlushThread {
  readonly #path: string;
  #worker: Worker | undefined;
  /** The flush that the thread was asked for last. */
  #last = Promise.resolve();
  /** The flush that follows the running one. */
  #next: Promise<void> | undefined;
  /** The answer that the thread owes. */
  #asked: PromiseWithResolvers<void> | undefined;
  #failure: Error | undefined;

  /** @param path the database, which stays open in WAL mode until close() */
  constructor(path: string) {
    this.#path = path;
  }

  /** Starts the thread, so that the first flush need not wait for it. The thread keeps no process alive. */
  start(): void {
    if (this.#worker !== undefined) return;
    this.#worker = new Worker(HOST, { ...OPTIONS, workerData: this.#path, name: "flush" });
    this.#worker.on("message", (failure: FlushOutcome) => {
      this.#worker!.unref();
      if (failure === null) this.#asked?.resolve();
      else this.#fail(errorOfData(failure));
    });
    this.#worker.on("error", (error) => this.#fail(error as Error));
    this.#worker.on("exit", () => this.#fail(new Error("the thread that flushes it has ended")));
    this.#worker.unref();
  }

  /**
   * Resolves when the disk has all that is committed by now. Calls that come while a flush runs share the next one.
   * @throws the system's or SQLite's error, from the first failure on
   */
  flush(): Promise<void> {
    this.#next ??= this.#last = this.#last.then(() => {
      this.#next = undefined;
      return this.#ask();
    });
    return this.#next;
  }

  /** Ends the thread when its flushes are over. */
  async close(): Promise<void> {
    await this.#last.catch(() => {});
    await this.#worker?.terminate();
  }

  #ask(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.start();
    this.#asked = Promise.withResolvers();
    this.#worker!.ref();
    this.#worker!.postMessage(null);
    return this.#asked.promise;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#asked?.reject(error);
  }
}
