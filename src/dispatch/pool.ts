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
import { Pulse } from "../protocol/pulse.ts";

/** The built package has JavaScript beside JavaScript, the source tree TypeScript beside TypeScript. */
const HOST = new URL(`../../workers/host${extname(import.meta.url)}`, import.meta.url).href;

/** One life of one worker. What is posted to a life that is over goes nowhere. */
export type WorkerLife = Pick<Batch<ToWorker>, "push" | "last">;

export interface WorkerPoolOptions {
  workers: number;
  /** What is the same for all of them. */
  task: Omit<HostTask, "port" | "worker" | "pulse">;
  /** Megabytes of heap that one may have; Node.js's own limit without. */
  memory?: number | undefined;
  /** Milliseconds of silence after which a worker is replaced; never without. */
  stallTimeout?: number | undefined;
  /** After how many milliseconds a worker that has died `deaths` times in a row is started again. */
  pause(deaths: number): number;
  /** Called before each message to a worker. */
  beforePost?(): void;
  /** A worker is ready for events. */
  onReady(worker: number, life: WorkerLife): void;
  onMessage(worker: number, life: WorkerLife, item: ToMain): void;
  /** A worker is gone, and its last messages have been handed over; another will come. */
  onGone(worker: number, error: Error): void;
  /** A worker's event loop has not turned for so many milliseconds; `seq` is the event it was last at. */
  onStalled?(worker: number, silence: number, seq: number): void;
}

/** A worker that has lived so long starts again without a record of earlier deaths: ms. */
const HEALTHY = 60_000;
/** How often the workers' pulse is felt: ms. */
const WATCH = 1000;
/** A worker that is silent for so long is reported: ms. */
const STALLED = 10_000;

interface Worker {
  readonly number: number;
  readonly piscina: Piscina;
  state: "starting" | "running" | "draining" | "over";
  port: MessagePort;
  life: Batch<ToWorker>;
  /** In a row, without a healthy minute between them. */
  readonly deaths: number;
  readonly pulse: Pulse;
  readonly bornAt: number;
  /** Ends the thread, for the reason that it is given. */
  readonly kill: AbortController;
  isStalled: boolean;
  readonly ready: PromiseWithResolvers<void>;
  /** Resolves with the numbers of the events that its applications have not seen. */
  readonly drained: PromiseWithResolvers<number[]>;
}

export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  /** The first is the pool; others come only where that one has given up on replacing its threads. */
  readonly #piscinas: Piscina[] = [];
  readonly #spent = new Set<Piscina>();
  readonly #workers: Worker[] = [];
  readonly #watch: NodeJS.Timeout;
  #lastLook = performance.now();
  #stopping = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#addPiscina(options.workers);
    for (let number = 0; number < options.workers; number++) this.#workers[number] = this.#launch(number, 0);
    this.#watch = setInterval(() => this.#lookForStalls(), WATCH).unref();
  }

  /** How each worker is. */
  get workers(): { number: number; isUp: boolean; silence: number }[] {
    return this.#workers.map(({ number, state, pulse }) => ({
      number,
      isUp: state === "running" || state === "draining",
      silence: pulse.silence,
    }));
  }

  /**
   * Resolves when every worker has imported the application and is through its lifespan startup.
   * @throws ApplicationLoadError | StartupFailedError | WorkerError
   */
  async start(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.ready.promise));
  }

  /**
   * Ends all instances, then the lifespans; resolves when every worker is through with it.
   * @returns the numbers of the events that were posted and that no application has seen
   */
  async drain(reason: DisconnectReason): Promise<number[]> {
    this.#stopping = true;
    for (const worker of this.#workers) {
      if (worker.state === "over") continue;
      // One that is still starting reads it as soon as it is ready: what has started up shuts down.
      worker.state = "draining";
      worker.life.push({ type: "drain", reason });
    }
    const unseen = await Promise.all(this.#workers.map((worker) => worker.drained.promise));
    return unseen.flat();
  }

  /** Ends the threads, whatever they are doing. */
  async destroy(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#watch);
    await Promise.all(this.#piscinas.map((piscina) => piscina.destroy()));
  }

  /**
   * A pool with a thread for one more worker. Piscina replaces no thread any more once one of them has died before it was up:
   * such a pool is spent, and the workers that it can no longer serve get one of their own.
   */
  #piscina(): Piscina {
    const isFree = (piscina: Piscina) => this.#livingOn(piscina).length < piscina.maxThreads;
    return this.#piscinas.find((piscina) => !this.#spent.has(piscina) && isFree(piscina)) ?? this.#addPiscina(1);
  }

  #addPiscina(threads: number): Piscina {
    const { memory } = this.#options;
    const piscina = new Piscina({
      filename: HOST,
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: 1,
      // Any other value blocks the thread between messages, and with it everything asynchronous in it.
      atomics: "disabled",
      recordTiming: false,
      env: environment(),
      argv: [],
      ...(memory === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memory } }),
    });
    // A thread that dies at its task fails that task. One that dies without has died before it was up.
    piscina.on("error", () => this.#retire(piscina));
    this.#piscinas.push(piscina);
    return piscina;
  }

  #retire(piscina: Piscina): void {
    this.#spent.add(piscina);
    for (const worker of this.#livingOn(piscina)) {
      if (worker.state === "starting")
        worker.kill.abort(new WorkerError(`worker ${worker.number} could not be started`));
    }
  }

  #livingOn(piscina: Piscina): Worker[] {
    return this.#workers.filter((worker) => worker.piscina === piscina && worker.state !== "over");
  }

  #launch(number: number, deaths: number): Worker {
    const { port1: port, port2 } = new MessageChannel();
    const ready = Promise.withResolvers<void>();
    ready.promise.catch(() => {});
    const worker: Worker = {
      number,
      piscina: this.#piscina(),
      state: "starting",
      port,
      life: new Batch(port, () => this.#options.beforePost?.()),
      deaths,
      pulse: new Pulse(),
      bornAt: performance.now(),
      kill: new AbortController(),
      isStalled: false,
      ready,
      drained: Promise.withResolvers(),
    };
    port.on("message", (items: ToMain[]) => this.#receive(worker, items));
    const task: HostTask = { ...this.#options.task, port: port2, worker: number, pulse: worker.pulse.buffer };
    // Piscina's type for a transfer list is inferred from another overload of postMessage than it means.
    const options = { transferList: [port2] as never, signal: worker.kill.signal };
    worker.piscina.run(task, options).then(
      () => this.#over(worker, new WorkerError(`worker ${number} ended by itself`)),
      (error: Error) => this.#over(worker, error),
    );
    return worker;
  }

  #receive(worker: Worker, items: ToMain[]): void {
    for (const item of items) {
      switch (item.type) {
        case "ready":
          if (worker.state === "starting") worker.state = "running";
          worker.ready.resolve();
          this.#options.onReady(worker.number, worker.life);
          break;
        case "unready":
          worker.ready.reject(errorOf(item.error));
          // What it has imported stays imported, faults and all: the next attempt needs a thread of its own.
          worker.kill.abort(errorOf(item.error));
          break;
        case "drained":
          worker.drained.resolve(item.unseen);
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
    // The first start of all is for start() to tell of.
    const isFirstStart = worker.state === "starting" && worker.deaths === 0;
    worker.state = "over";
    worker.ready.reject(
      new WorkerError(`worker ${worker.number} died while it started: ${error.message}`, { cause: error }),
    );
    // What a dead one had may have been seen.
    worker.drained.resolve([]);
    if (this.#stopping || isFirstStart) return;
    this.#options.onGone(worker.number, (worker.kill.signal.reason as Error | undefined) ?? error);
    const deaths = performance.now() - worker.bornAt >= HEALTHY ? 1 : worker.deaths + 1;
    setTimeout(() => {
      if (!this.#stopping) this.#workers[worker.number] = this.#launch(worker.number, deaths);
    }, this.#options.pause(deaths)).unref();
  }

  #lookForStalls(): void {
    // Where this thread itself was held up (a laptop that slept), the workers' silence means nothing.
    const now = performance.now();
    const isLate = now - this.#lastLook > 3 * WATCH;
    this.#lastLook = now;
    if (isLate) return;
    const { stallTimeout = Number.POSITIVE_INFINITY, onStalled } = this.#options;
    for (const worker of this.#workers) {
      const { silence, seq } = worker.pulse;
      if (worker.state === "over") continue;
      if (silence < Math.min(STALLED, stallTimeout)) worker.isStalled = false;
      else if (!worker.isStalled) {
        worker.isStalled = true;
        onStalled?.(worker.number, silence, seq);
      }
      if (silence >= stallTimeout) worker.kill.abort(new WorkerError(`worker ${worker.number} was stalled`));
    }
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
