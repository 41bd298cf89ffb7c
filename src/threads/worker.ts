/**
 * One life of one worker: a thread with the application in it, and the port to it.
 *
 *   starting -- ready --> running -- drain() --> draining -- drained --> drained -- ended --> (whoever drained it kills it)
 *   starting -- unready --> over
 *   any of them -- the thread dies, or kill() --> over
 *
 * What is posted to a life that is over goes nowhere.
 */

import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { Batch } from "../protocol/batch.ts";
import { ApplicationLoadError, type AsgigramError, StartupFailedError, WorkerError } from "../protocol/errors.ts";
import type { DisconnectReason } from "../protocol/events.ts";
import type { CommonTask, HostTask, StartFailure, ToMain, ToWorker } from "../protocol/port.ts";
import { Pulse } from "../protocol/pulse.ts";
import type { Threads } from "./threads.ts";

/** What others may do with a life: post to it. */
export type WorkerLife = Pick<Batch<ToWorker>, "push" | "last">;

export interface WorkerOptions {
  number: number;
  /** How often it has died in a row before this life, without a healthy minute between. */
  deaths: number;
  threads: Threads;
  task: CommonTask;
  /** Called before each message to it. */
  beforePost?: (() => void) | undefined;
  onReady(): void;
  onMessage(item: ToMain): void;
  /** Its instances have come to their end. `unseen`: the numbers of the events that no application was handed. */
  onDrained(unseen: number[]): void;
  /** So has its lifespan: there is nothing left but to kill it. */
  onEnded(): void;
  /** It is gone, and its last messages have been handed over. */
  onOver(error: Error): void;
}

export type WorkerState = "starting" | "running" | "draining" | "drained" | "over";

export class Worker {
  readonly number: number;
  readonly deaths: number;
  readonly life: Batch<ToWorker>;
  readonly pulse = new Pulse();
  readonly bornAt = performance.now();
  /** Rejects where it cannot start. */
  readonly ready: Promise<void>;
  /** Resolves when it has been drained and its lifespan is over, or when it is over itself. */
  readonly ended: Promise<void>;
  /** Resolves when it is. */
  readonly over: Promise<void>;
  /** Whether it has ever been ready. */
  hasStarted = false;
  isStalled = false;
  /** Whether it was killed because it did not finish in time. */
  isDismissed = false;

  readonly #options: WorkerOptions;
  readonly #port: MessagePort;
  readonly #kill = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();
  #state: WorkerState = "starting";

  constructor(options: WorkerOptions) {
    const { number, threads, beforePost } = options;
    const { port1, port2 } = new MessageChannel();
    this.number = number;
    this.deaths = options.deaths;
    this.#options = options;
    this.#port = port1;
    this.life = new Batch(port1, beforePost);
    this.ready = this.#ready.promise;
    this.ready.catch(() => {});
    this.ended = this.#ended.promise;
    this.over = this.#over.promise;
    port1.on("message", (items: ToMain[]) => this.#receive(items));
    const task: HostTask = { ...options.task, port: port2, worker: number, pulse: this.pulse.buffer };
    const run = threads.run(task, { signal: this.#kill.signal, onSpent: () => this.#giveUp() });
    run.then(
      () => this.#die(new WorkerError(`worker ${number} ended by itself`)),
      (error: Error) => this.#die(error),
    );
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Ends its instances, then its lifespan. One that is still starting reads it as soon as it is ready. */
  drain(reason: DisconnectReason): void {
    if (this.#state !== "starting" && this.#state !== "running") return;
    this.#state = "draining";
    this.life.push({ type: "drain", reason });
  }

  /** It did not finish in time. */
  dismiss(): void {
    this.isDismissed = true;
    this.kill(new WorkerError(`worker ${this.number} did not finish in time`));
  }

  /** Ends its thread, whatever that is doing. */
  kill(reason: Error): void {
    this.#kill.abort(reason);
  }

  #giveUp(): void {
    if (!this.hasStarted) this.kill(new WorkerError(`worker ${this.number} could not be started`));
  }

  #receive(items: ToMain[]): void {
    for (const item of items) {
      switch (item.type) {
        case "ready":
          this.hasStarted = true;
          if (this.#state === "starting") this.#state = "running";
          this.#ready.resolve();
          this.#options.onReady();
          break;
        case "unready":
          this.#ready.reject(errorOf(item.error));
          // What it has imported stays imported, faults and all: the next attempt needs a thread of its own.
          this.kill(errorOf(item.error));
          break;
        case "drained":
          this.#state = "drained";
          this.#options.onDrained(item.unseen);
          break;
        case "ended":
          this.#ended.resolve();
          this.#options.onEnded();
          break;
        default:
          this.#options.onMessage(item);
      }
    }
  }

  /** The thread is gone. What it posted before that still counts. */
  #die(error: Error): void {
    for (let left = receiveMessageOnPort(this.#port); left !== undefined; left = receiveMessageOnPort(this.#port)) {
      this.#receive(left.message);
    }
    this.#port.close();
    this.#state = "over";
    const reason = (this.#kill.signal.reason as Error | undefined) ?? error;
    this.#ready.reject(
      new WorkerError(`worker ${this.number} died while it started: ${reason.message}`, { cause: reason }),
    );
    this.#ended.resolve();
    this.#over.resolve();
    this.#options.onOver(reason);
  }
}

function errorOf({ name, message, detail }: StartFailure): AsgigramError {
  const options = detail === undefined ? {} : { cause: detail };
  return name === "StartupFailedError"
    ? new StartupFailedError(message, options)
    : new ApplicationLoadError(message, options);
}
