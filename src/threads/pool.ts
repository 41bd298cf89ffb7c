/**
 * The workers, one in each place; a place is the number of a shard. What dies is started again, and a worker can be replaced
 * while it serves: another one starts up beside it, and takes the place when it is ready.
 *
 *   a place:  served -- its worker dies --> empty -- after a pause --> starting -- ready --> served
 *             starting -- its worker dies --> empty
 *             starting, for the first time of all -- its worker dies --> start() rejects
 *             any of them -- replace() --> the same, with a successor that starts
 *             with a successor -- which dies --> as before, and replace() rejects
 *             with a successor -- which is ready --> handing over, if there was a worker to hand over; else served
 *             handing over -- the predecessor is drained, dies, or is killed as it does not finish in time --> served
 *
 * While a place is handed over, nothing is posted to either of the two. If the new one dies meanwhile, its replacement starts
 * as ever, and waits for the predecessor as well.
 */

import { WorkerError } from "../protocol/errors.ts";
import type { DisconnectReason } from "../protocol/events.ts";
import type { CommonTask, ToMain } from "../protocol/port.ts";
import type { Condition, Dropped } from "../protocol/pulse.ts";
import { Threads } from "./threads.ts";
import { Worker, type WorkerLife } from "./worker.ts";

export interface WorkerPoolOptions {
  workers: number;
  /** What is the same for all of them. */
  task: CommonTask;
  /** Megabytes of heap that one may have; Node.js's own limit without. */
  memory?: number | undefined;
  /** Milliseconds of silence after which a worker is replaced; never without. */
  stallTimeout?: number | undefined;
  /** Milliseconds that one which is replaced has for what it holds, and for its lifespan's end. */
  grace: number;
  /** After how many milliseconds a worker that has died `deaths` times in a row is started again. */
  pause(deaths: number): number;
  /** Called before each message to a worker. */
  beforePost?(): void;
  /** A worker is ready for events. */
  onReady(worker: number, life: WorkerLife): void;
  onMessage(worker: number, life: WorkerLife, item: ToMain): void;
  /** A worker is to be replaced by one that is ready: from now on it gets no events. */
  onPaused(worker: number): void;
  /**
   * A worker that was told to has finished, or was killed because it did not in time. What it has not settled is nobody's
   * fault; `unseen` are the numbers of the events that no application was handed.
   */
  onDrained(worker: number, unseen: number[]): void;
  /** One that was to finish did not in time, and has been killed. */
  onDismissed?(worker: number): void;
  /** A worker is gone, and its last messages have been handed over; another will come. */
  onGone(worker: number, life: WorkerLife, error: Error): void;
  /** A worker's event loop has not turned for so many milliseconds; `seq` is the event it was last at. */
  onStalled?(worker: number, silence: number, seq: number): void;
}

/** A worker that has lived so long starts again without a record of earlier deaths: ms. */
const HEALTHY = 60_000;
/** How often the workers' pulse is felt: ms. */
const WATCH = 1000;
/** A worker that is silent for so long is reported: ms. */
const STALLED = 10_000;

export interface WorkerReport {
  readonly number: number;
  /** It has started, and is not gone. */
  readonly isUp: boolean;
  /** Milliseconds since its event loop last turned. */
  readonly silence: number;
  readonly condition: Condition;
}

interface Place {
  readonly number: number;
  /** Has the place, or waits for the predecessor to be through, or is dead and not yet followed by another. */
  worker: Worker;
  /** Starts up beside it. */
  successor?: Worker | undefined;
  /** Finishes what it holds. */
  predecessor?: Worker | undefined;
  /** When it is started again after a death. */
  restart?: NodeJS.Timeout;
}

export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #threads: Threads;
  readonly #places: readonly Place[];
  /** All that are not over. */
  readonly #living = new Set<Worker>();
  readonly #watch: NodeJS.Timeout;
  /** What those that are over have dropped. */
  #past: Dropped = { idle: 0, evicted: 0 };
  #lastLook = performance.now();
  #stopping = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#threads = new Threads(options.workers, options.memory);
    this.#places = Array.from({ length: options.workers }, (_, number) => {
      const place = { number } as Place;
      place.worker = this.#launch(place);
      return place;
    });
    this.#watch = setInterval(() => this.#lookForStalls(), WATCH).unref();
  }

  /** How each worker is. */
  get workers(): WorkerReport[] {
    return this.#places.map(({ number, worker: { state, pulse } }) => ({
      number,
      isUp: state === "running" || state === "draining",
      silence: pulse.silence,
      condition: pulse.condition,
    }));
  }

  /** How many instances have been dropped because they were idle, in all workers that there ever were. */
  get dropped(): Dropped {
    const conditions = [...this.#living].map(({ pulse }) => pulse.condition);
    return [this.#past, ...conditions].reduce(plus);
  }

  /**
   * Resolves when every worker has imported the application and is through its lifespan startup.
   * @throws ApplicationLoadError | StartupFailedError | WorkerError
   */
  async start(): Promise<void> {
    await Promise.all(this.#places.map(({ worker }) => worker.ready));
  }

  /**
   * Puts a new worker in the place of one that serves. Resolves when it serves, and the old one is gone. One place at a time.
   * @param signal gives it up, as long as the new one is not ready
   * @throws ApplicationLoadError | StartupFailedError | WorkerError where the new one cannot start: the old one goes on
   */
  async replace(number: number, signal: AbortSignal): Promise<void> {
    if (this.#stopping) throw new WorkerError("the workers are being stopped");
    const place = this.#places[number]!;
    const { worker } = place;
    clearTimeout(place.restart);
    const successor = this.#launch(place);
    place.successor = successor;
    const giveUp = () => {
      if (!successor.hasStarted) successor.kill(new WorkerError(`worker ${number} is not wanted any more`));
    };
    signal.addEventListener("abort", giveUp, { once: true });
    await successor.ready.finally(() => signal.removeEventListener("abort", giveUp));
    await worker.over;
  }

  /** Ends all instances, then the lifespans; resolves when every worker is through with it. */
  async drain(reason: DisconnectReason): Promise<void> {
    this.#stopping = true;
    for (const worker of this.#living) worker.drain(reason);
    await Promise.all([...this.#living].map(({ ended }) => ended));
  }

  /** Ends the threads, whatever they are doing. */
  async destroy(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#watch);
    await this.#threads.destroy();
  }

  #launch(place: Place, deaths = 0): Worker {
    const { task, beforePost, onMessage, onDrained } = this.#options;
    const { number } = place;
    const worker: Worker = new Worker({
      number,
      deaths,
      threads: this.#threads,
      task,
      beforePost,
      onReady: () => this.#isReady(place, worker),
      onMessage: (item) => onMessage(number, worker.life, item),
      onDrained: (unseen) => {
        onDrained(number, unseen);
        if (worker === place.predecessor) this.#handOver(place);
      },
      onEnded: () => {
        if (!this.#stopping) worker.kill(new WorkerError(`worker ${number} has ended`));
      },
      onOver: (error) => this.#isOver(place, worker, error),
    });
    this.#living.add(worker);
    return worker;
  }

  #isReady(place: Place, worker: Worker): void {
    if (worker === place.successor) {
      if (!this.#stopping) this.#succeed(place, worker);
    } else if (worker === place.worker && place.predecessor === undefined) {
      this.#options.onReady(place.number, worker.life);
    }
  }

  #succeed(place: Place, successor: Worker): void {
    const predecessor = place.worker;
    place.worker = successor;
    place.successor = undefined;
    if (predecessor.state !== "running") {
      // It has died, or has not come to serve: there is nothing to hand over.
      predecessor.kill(new WorkerError(`worker ${place.number} has been replaced`));
      return this.#handOver(place);
    }
    place.predecessor = predecessor;
    this.#options.onPaused(place.number);
    predecessor.drain("reload");
    const late = setTimeout(() => predecessor.dismiss(), this.#options.grace).unref();
    void predecessor.over.then(() => clearTimeout(late));
  }

  #handOver(place: Place): void {
    const { number, worker } = place;
    place.predecessor = undefined;
    if (worker.state === "running") this.#options.onReady(number, worker.life);
  }

  #isOver(place: Place, worker: Worker, error: Error): void {
    const { onGone, onDrained, onDismissed } = this.#options;
    const { number } = place;
    this.#living.delete(worker);
    this.#past = plus(this.#past, worker.pulse.condition);
    if (this.#stopping) return;
    if (worker.isDismissed) onDismissed?.(number);
    switch (worker) {
      case place.successor:
        place.successor = undefined;
        if (place.worker.state === "over") this.#restart(place);
        return;
      case place.predecessor:
        if (worker.isDismissed) onDrained(number, []);
        else onGone(number, worker.life, error);
        return this.#handOver(place);
      case place.worker:
        // The first start of all is for start() to tell of.
        if (!worker.hasStarted && worker.deaths === 0) return;
        onGone(number, worker.life, error);
        if (place.successor === undefined) this.#restart(place);
    }
  }

  #restart(place: Place): void {
    const { bornAt, deaths: before } = place.worker;
    const deaths = performance.now() - bornAt >= HEALTHY ? 1 : before + 1;
    place.restart = setTimeout(() => {
      if (!this.#stopping) place.worker = this.#launch(place, deaths);
    }, this.#options.pause(deaths)).unref();
  }

  #lookForStalls(): void {
    // Where this thread itself was held up (a laptop that slept), the workers' silence means nothing.
    const now = performance.now();
    const isLate = now - this.#lastLook > 3 * WATCH;
    this.#lastLook = now;
    if (isLate) return;
    const { stallTimeout = Number.POSITIVE_INFINITY, onStalled } = this.#options;
    for (const worker of this.#living) {
      const { silence, seq } = worker.pulse;
      if (silence < Math.min(STALLED, stallTimeout)) worker.isStalled = false;
      else if (!worker.isStalled) {
        worker.isStalled = true;
        onStalled?.(worker.number, silence, seq);
      }
      if (silence >= stallTimeout) worker.kill(new WorkerError(`worker ${worker.number} was stalled`));
    }
  }
}

function plus(one: Dropped, other: Dropped): Dropped {
  return { idle: one.idle + other.idle, evicted: one.evicted + other.evicted };
}
