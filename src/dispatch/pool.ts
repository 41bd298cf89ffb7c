/**
 * The worker threads: a Piscina pool in which every thread has one endless task, the host of one shard. The shard is bound to
 * the thread by the MessagePort that goes with the task.
 *
 *   starting -- ready --> running -- drain() --> draining -- drained --> over
 *   starting -- unready, at the server's start --> start() rejects
 *   any of them -- the thread dies, or a later start fails --> gone -- after a pause --> starting
 */

import { extname } from "node:path";
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { Piscina } from "piscina";
import { Batch } from "../protocol/batch.ts";
import { ApplicationLoadError, type AsgigramError, StartupFailedError, WorkerError } from "../protocol/errors.ts";
import type { DisconnectReason } from "../protocol/events.ts";
import type { HostTask, StartFailure, ToMain, ToWorker } from "../protocol/port.ts";

/** The built package has JavaScript beside JavaScript, the source tree TypeScript beside TypeScript. */
const HOST = new URL(`../../workers/host${extname(import.meta.url)}`, import.meta.url).href;

/** One life of one worker. What is posted to a life that is over goes nowhere. */
export type WorkerLife = Pick<Batch<ToWorker>, "push" | "last">;

export interface WorkerPoolOptions {
  workers: number;
  /** What is the same for all of them. */
  task: Omit<HostTask, "port" | "worker">;
  /** Whether, and after how many milliseconds, a worker that has died `deaths` times is started again. */
  pause(deaths: number): number;
  /** A worker is ready for events. */
  onReady(worker: number, life: WorkerLife): void;
  onMessage(worker: number, life: WorkerLife, item: ToMain): void;
  /** A worker is gone, and its last messages have been handed over; another will come. */
  onGone(worker: number, error: Error): void;
}

interface Worker {
  readonly number: number;
  state: "starting" | "running" | "draining" | "over";
  port: MessagePort;
  life: Batch<ToWorker>;
  deaths: number;
  readonly ready: PromiseWithResolvers<void>;
  readonly drained: PromiseWithResolvers<void>;
}

export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #piscina: Piscina;
  readonly #workers: Worker[];
  #started = false;
  #stopping = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#piscina = new Piscina({
      filename: HOST,
      minThreads: options.workers,
      maxThreads: options.workers,
      concurrentTasksPerWorker: 1,
      // Any other value blocks the thread between messages, and with it everything asynchronous in it.
      atomics: "disabled",
      recordTiming: false,
      env: environment(),
      argv: [],
    });
    // Errors of a thread reach us through its task; those between tasks have no other listener.
    this.#piscina.on("error", () => {});
    this.#workers = Array.from({ length: options.workers }, (_, number) => this.#launch(number));
  }

  /**
   * Resolves when every worker has imported the application and is through its lifespan startup.
   * @throws ApplicationLoadError | StartupFailedError | WorkerError
   */
  async start(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.ready.promise));
    this.#started = true;
  }

  /** Ends all instances, then the lifespans; resolves when every worker is through with it. */
  async drain(reason: DisconnectReason): Promise<void> {
    this.#stopping = true;
    for (const worker of this.#workers) {
      if (worker.state !== "running") worker.drained.resolve();
      else {
        worker.state = "draining";
        worker.life.push({ type: "drain", reason });
      }
    }
    await Promise.all(this.#workers.map((worker) => worker.drained.promise));
  }

  /** Ends the threads, whatever they are doing. */
  async destroy(): Promise<void> {
    this.#stopping = true;
    await this.#piscina.destroy();
  }

  #launch(number: number, deaths = 0): Worker {
    const { port1: port, port2 } = new MessageChannel();
    const ready = Promise.withResolvers<void>();
    ready.promise.catch(() => {});
    const worker: Worker = {
      number,
      state: "starting",
      port,
      life: new Batch(port),
      deaths,
      ready,
      drained: Promise.withResolvers(),
    };
    port.on("message", (items: ToMain[]) => this.#receive(worker, items));
    const task: HostTask = { ...this.#options.task, port: port2, worker: number };
    // Piscina's type for a transfer list is inferred from another overload of postMessage than it means.
    this.#piscina.run(task, { transferList: [port2] as never }).then(
      () => this.#over(worker, new WorkerError(`worker ${number} ended by itself`)),
      (error: Error) => this.#over(worker, error),
    );
    return worker;
  }

  #receive(worker: Worker, items: ToMain[]): void {
    for (const item of items) {
      switch (item.type) {
        case "ready":
          worker.state = "running";
          worker.ready.resolve();
          this.#options.onReady(worker.number, worker.life);
          break;
        case "unready":
          worker.ready.reject(errorOf(item.error));
          break;
        case "drained":
          worker.drained.resolve();
          break;
        default:
          this.#options.onMessage(worker.number, worker.life, item);
      }
    }
  }

  /** The thread is gone, or its host has returned. What it posted before that still counts. */
  #over(worker: Worker, error: Error): void {
    for (let left = receiveMessageOnPort(worker.port); left !== undefined; left = receiveMessageOnPort(worker.port)) {
      this.#receive(worker, left.message);
    }
    worker.port.close();
    worker.state = "over";
    worker.ready.reject(
      new WorkerError(`worker ${worker.number} died while it started: ${error.message}`, { cause: error }),
    );
    worker.drained.resolve();
    if (this.#stopping || !this.#started) return;
    this.#options.onGone(worker.number, error);
    const deaths = worker.deaths + 1;
    setTimeout(() => {
      if (!this.#stopping) this.#workers[worker.number] = this.#launch(worker.number, deaths);
    }, this.#options.pause(deaths)).unref();
  }
}

/** What applications may see of the process's environment: all but this server's own settings, the token among them. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ASGIGRAM_")));
}

function errorOf({ name, message, detail }: StartFailure): AsgigramError {
  const options = detail === undefined ? {} : { cause: detail };
  return name === "StartupFailedError"
    ? new StartupFailedError(message, options)
    : new ApplicationLoadError(message, options);
}
