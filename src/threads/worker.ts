/**
 * One life of one worker: a thread with the application in it, and the port to it.
 *
 *   starting -- ready --> running -- drain() --> draining -- drained --> drained -- ended --> over: its pool kills it
 *   starting -- startup --> starting, and a stop ends it in order
 *   starting -- unready --> over
 *   any of them -- the thread dies, or kill() --> over
 *
 * Items that are pushed to a worker that is over are dropped.
 *
 * The file is longer than others because it takes every message of a worker.
 */

import { MessageChannel, type MessagePort, receiveMessageOnPort, type Transferable } from "node:worker_threads";
import { Batch } from "../protocol/batch.ts";
import { ApplicationLoadError, type AsgigramError, StartupFailedError, WorkerError } from "../protocol/errors.ts";
import type { DisconnectReason } from "../protocol/events.ts";
import type {
  CommonTask,
  EventItem,
  HostTask,
  LogLevel,
  Place,
  ProgramFacts,
  StartFailure,
  StopSignal,
  ToMain,
  ToWorker,
} from "../protocol/port.ts";
import { Pulse } from "../protocol/pulse.ts";
import type { StoredWrite } from "../protocol/stored-value.ts";
import type { WorkerDeath } from "../protocol/worker-causes.ts";
import type { Threads } from "./threads.ts";

type Item<Type extends ToMain["type"]> = Extract<ToMain, { type: Type }>;

/** Takes what a worker says of its events. */
export interface EventFacts {
  /** It has taken these events off its port. */
  taken(worker: Worker, seqs: readonly number[]): void;
  /** @param writes the values that the code of these events has stored */
  settled(worker: Worker, seqs: readonly number[], writes?: readonly StoredWrite[]): void;
  /** The application goes on, while it has open work at the event. */
  kept(worker: Worker, seq: number): void;
  /** The application threw, and gets the event again as another attempt. */
  triedAgain(worker: Worker, seq: number): void;
  /** The application threw. @returns true if the event is held: the worker is told later to try it again */
  threw(worker: Worker, seq: number, error: string): boolean;
  /** The application threw. */
  failed(worker: Worker, seq: number, error: string): void;
}

/** Takes the calls that a worker's applications make. */
export interface CallTaker {
  call(worker: Worker, item: Item<"call">): void;
  /** The code of an event saves its state. */
  saved(worker: Worker, item: Item<"saved">): void;
  /** The application is busy at an event. */
  busy(worker: Worker, item: Item<"busy">): void;
}

/** Takes what a worker's code wants of the stored values. */
export interface ValueKeeper {
  /** The answer is `got`, with the same id. */
  asked(worker: Worker, id: number, key: string): void;
  /** Code outside an event stores a value. The answer is `set`, with the same id. */
  wrote(worker: Worker, id: number, write: StoredWrite): void;
}

/** The log of the workers' words. */
export interface WorkerWords {
  said(worker: number, item: Place & { error?: string }, level: LogLevel, message: string): void;
  printed(worker: number, item: Item<"output">): void;
  /** The thread is about to end by itself. */
  crashed(worker: number, item: Item<"crash">): void;
}

/** Attaches a worker to the heavy threads. @returns the worker's end of its jobs port */
export interface JobsAttacher {
  attach(worker: { worker: number; generation: number }): MessagePort;
}

export interface WorkerOptions {
  number: number;
  /** Number of deaths in a row before this life, without a healthy minute in between. */
  deaths: number;
  threads: Pick<Threads, "run">;
  task: CommonTask;
  /** Number of reloads before it. */
  generation: number;
  jobs: JobsAttacher;
  updates: EventFacts;
  calls: CallTaker;
  values: ValueKeeper;
  words: WorkerWords;
  /** The worker has items to post: flush() is to be called at the end of the turn. */
  onPushed(worker: Worker): void;
  onReady(): void;
  /** The application imports that file. */
  onImported(file: string): void;
  /** It has settled so many events more; undefined if nothing depends on their number. */
  onSettled: ((count: number) => void) | undefined;
  /** Its instances have ended. `unseen`: numbers of the events that no application received. */
  onDrained(unseen: readonly number[]): void;
  /** Its lifespan has ended: nothing is left but to kill it. */
  onEnded(): void;
  /** Its thread has ended, and its last messages have been handled. */
  onOver(error: Error): void;
}

/** Events that are suspected together: each is tried alone, one after another. */
const MOST_SUSPECTS = 8;

/** Time for which a thread may be late with an answer that is due: ms. */
const LATE = 1000;

export type WorkerState = "starting" | "running" | "draining" | "drained" | "over";

export class Worker {
  readonly number: number;
  readonly deaths: number;
  readonly pulse = new Pulse();
  readonly bornAt = performance.now();
  /** Rejects if the worker cannot start. */
  readonly ready: Promise<void>;
  /** Resolves when the worker is drained and its lifespan has ended, or when it is over. */
  readonly ended: Promise<void>;
  readonly over: Promise<void>;
  /** True once its lifespan or its program has begun: a stop ends that in order. */
  hasBegun = false;
  /** True once it was ready. */
  hasStarted = false;
  /** The bot's program that it runs; undefined for an application. */
  program: ProgramFacts | undefined;
  /** Things that the program has begun, and that go wrong in several workers. */
  hazards: readonly string[] = [];
  /** True while it is among the workers that events are posted to, or finishes such events. */
  isServing = false;
  isStalled = false;
  /** The event that blocked it for longer than the event's time limit, for which it was killed. */
  overdue: number | undefined;
  /** True if it ends before the worker that replaces it starts. */
  isEndedFirst = false;
  /** True if it was killed because it did not finish in time. */
  isDismissed = false;

  readonly #options: WorkerOptions;
  readonly #port: MessagePort;
  readonly #outbound: Batch<ToWorker>;
  readonly #kill = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();
  /** Calls of endInstances() without an answer, by shard. */
  readonly #revoking = new Map<number, PromiseWithResolvers<readonly number[]>>();
  #state: WorkerState = "starting";
  #crash: Item<"crash"> | undefined;
  #error: Error | undefined;

  constructor(options: WorkerOptions) {
    const { port1, port2 } = new MessageChannel();
    this.number = options.number;
    this.deaths = options.deaths;
    this.#options = options;
    this.#port = port1;
    this.#outbound = new Batch(port1, () => options.onPushed(this));
    this.ready = this.#ready.promise;
    this.ready.catch(() => {});
    this.ended = this.#ended.promise;
    this.over = this.#over.promise;
    port1.on("message", (items: ToMain[]) => {
      for (const item of items) this.#receive(item);
    });
    this.#run(port2);
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** True if the worker serves, or finishes what it holds. */
  get isUp(): boolean {
    return this.#state === "running" || this.#state === "draining";
  }

  /** Number of the event whose instance is known to have killed the worker. */
  get culprit(): number | undefined {
    return this.#crash?.seq;
  }

  /** Numbers of the events one of which is likely to have killed the worker: the open ones if they are few, else the last at hand. */
  get suspects(): readonly number[] {
    const { open = [] } = this.#crash ?? {};
    return open.length > 0 && open.length <= MOST_SUSPECTS ? open : [this.pulse.seq];
  }

  /** Cause of its death. */
  get causeOfDeath(): WorkerDeath {
    const error = this.#error;
    if (this.#crash !== undefined) return "crash";
    if (error instanceof ApplicationLoadError || error instanceof StartupFailedError) return "start";
    if ((error as NodeJS.ErrnoException | undefined)?.code === "ERR_WORKER_OUT_OF_MEMORY") return "memory";
    return this.isStalled && error instanceof WorkerError ? "stall" : "other";
  }

  /** Posts events at once, behind the items that were pushed before. */
  post(events: EventItem[]): void {
    this.#outbound.push({ type: "events", events });
    this.#outbound.flush();
  }

  /** Adds an item to the message that is posted at the end of the turn. */
  push(item: ToWorker, transfer?: readonly Transferable[]): void {
    this.#outbound.push(item, transfer);
  }

  /** Posts the items that were pushed. */
  flush(): void {
    this.#outbound.flush();
  }

  /**
   * Ends the instances of a shard. They have `endTimeout`, after which the thread gives them up. A thread that is blocked cannot: it is
   * ended.
   * @returns the numbers of its events that no application received
   */
  endInstances(shard: number): Promise<readonly number[]> {
    if (this.#state === "over" || this.#state === "drained") return Promise.resolve([]);
    const revoked = Promise.withResolvers<readonly number[]>();
    this.#revoking.set(shard, revoked);
    this.push({ type: "revoke", shard });
    const late = setTimeout(() => this.dismiss(), this.#options.task.endTimeout + LATE).unref();
    return revoked.promise.finally(() => clearTimeout(late));
  }

  /** Ends its instances, then its lifespan, or its program by that signal. A worker that is still starting reads this when it is ready. */
  drain(reason: DisconnectReason, signal: StopSignal = "SIGTERM"): void {
    if (this.#state !== "starting" && this.#state !== "running") return;
    this.#state = "draining";
    this.push({ type: "drain", reason, signal });
  }

  /** Kills a worker that did not finish in time. */
  dismiss(): void {
    this.isDismissed = true;
    this.kill(new WorkerError(`worker ${this.number} did not finish in time`));
  }

  /** Ends its thread at once. */
  kill(reason: Error): void {
    this.#kill.abort(reason);
  }

  #run(port: MessagePort): void {
    const { number: worker, generation, threads, task } = this.#options;
    const jobs = this.#options.jobs.attach({ worker, generation });
    const hostTask: HostTask = { ...task, port, jobs, worker, pulse: this.pulse.buffer };
    const giveUp = () => {
      if (!this.hasStarted) this.kill(new WorkerError(`worker ${worker} could not be started`));
    };
    threads.run(hostTask, { signal: this.#kill.signal, onSpent: giveUp }).then(
      () => this.#die(new WorkerError(`worker ${worker} ended by itself`)),
      (error: Error) => this.#die(error),
    );
  }

  #receive(item: ToMain): void {
    const { updates, calls, values, words, onReady, onImported, onSettled, onDrained, onEnded } = this.#options;
    switch (item.type) {
      case "call":
        return calls.call(this, item);
      case "saved":
        return calls.saved(this, item);
      case "busy":
        return calls.busy(this, item);
      case "taken":
        return updates.taken(this, item.seqs);
      case "settled":
        onSettled?.(item.seqs.length);
        return updates.settled(this, item.seqs, item.writes);
      case "get":
        return values.asked(this, item.id, item.key);
      case "set":
        return values.wrote(this, item.id, item.write);
      case "kept":
        return updates.kept(this, item.seq);
      case "retry": {
        const seconds = Math.round(item.after / 100) / 10;
        words.said(this.number, item, "warn", `the application threw; the event is tried again in ${seconds} s`);
        return updates.triedAgain(this, item.seq);
      }
      case "threw":
        return this.#decide(item);
      case "failed":
        onSettled?.(1);
        words.said(this.number, item, "error", "the application threw; the event is now a dead letter");
        return updates.failed(this, item.seq, item.error);
      case "log":
        return words.said(this.number, item, item.level, item.message);
      case "output":
        return words.printed(this.number, item);
      case "imported":
        return onImported(item.file);
      case "startup":
        this.hasBegun = true;
        return;
      case "ready": {
        this.hasBegun = true;
        const { program, hazards = [] } = item;
        this.hazards = hazards;
        this.program = program;
        this.hasStarted = true;
        if (this.#state === "starting") this.#state = "running";
        this.#ready.resolve();
        return onReady();
      }
      case "unready":
        this.#ready.reject(startErrorOf(item.error));
        // What the thread imported stays imported, faults and all: the next attempt needs a new thread.
        return this.kill(startErrorOf(item.error));
      case "crash":
        this.#crash = item;
        return words.crashed(this.number, item);
      case "revoked":
        this.#revoking.get(item.shard)?.resolve(item.unseen);
        return void this.#revoking.delete(item.shard);
      case "drained":
        this.#state = "drained";
        this.#answerRevocations();
        return onDrained(item.unseen);
      case "ended":
        this.#ended.resolve();
        return onEnded();
    }
  }

  #decide({ type: _, after, ...item }: Item<"threw">): void {
    const { updates, words } = this.#options;
    if (updates.threw(this, item.seq, item.error)) {
      return words.said(this.number, item, "debug", "the application threw; the event is held");
    }
    this.push({ type: "decided", seq: item.seq, after });
    this.#receive(after === undefined ? { type: "failed", ...item } : { type: "retry", after, ...item });
  }

  /** The thread has ended. Messages that it posted before still count. */
  #die(error: Error): void {
    for (let left = receiveMessageOnPort(this.#port); left !== undefined; left = receiveMessageOnPort(this.#port)) {
      for (const item of left.message as ToMain[]) this.#receive(item);
    }
    this.#port.close();
    this.#state = "over";
    const reason = (this.#kill.signal.reason as Error | undefined) ?? this.#crashError ?? error;
    this.#error = reason;
    const message = `worker ${this.number} died while it started: ${reason.message}`;
    this.#ready.reject(new WorkerError(message, { cause: reason }));
    this.#ended.resolve();
    this.#over.resolve();
    this.#options.onOver(reason);
    this.#answerRevocations();
  }

  /** The error of which the thread ended, if it said so. */
  get #crashError(): Error | undefined {
    if (this.#crash === undefined) return undefined;
    const { message, error: cause } = this.#crash;
    return new WorkerError(message, { cause });
  }

  /** No instance is left: the pool accounts for the worker's events as a whole. */
  #answerRevocations(): void {
    for (const { resolve } of this.#revoking.values()) resolve([]);
    this.#revoking.clear();
  }
}

function startErrorOf({ name, message, detail }: StartFailure): AsgigramError {
  const options = detail === undefined ? {} : { cause: detail };
  return name === "StartupFailedError"
    ? new StartupFailedError(message, options)
    : new ApplicationLoadError(message, options);
}
