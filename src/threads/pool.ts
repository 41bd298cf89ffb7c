/**
 * The workers of the server: a list that grows and shrinks. Each number (0, 1, …) has one worker that serves; a replacement has
 * the number of the worker that it replaces, and both are in the list until the old one has handed over.
 *
 *   a number:  no worker serves -- a worker is ready --> it serves
 *              a worker serves -- it dies --> no worker serves; after a pause another one starts
 *              a worker serves -- replace(): another one is ready --> handing over
 *              a worker serves -- replace(): the other one dies --> it goes on serving
 *              a worker serves -- replace(), no room for two --> it is drained, and no worker serves; another one starts
 *              handing over -- the old one is drained, or dies, or is killed as it is late --> the new one serves
 *
 * A bot's program never lives twice: each replacement starts when the thread of the old worker has ended, as if there were no room for two.
 * Its number has no worker meanwhile, or, if the new code does not start, until an attempt succeeds. It has no quarantine.
 *
 * The number behind the last is the quarantine: a worker that starts when suspects wait and there is memory for it, and ends when it has
 * had no instance and nothing to do for a while.
 *
 * While a number is handed over, nothing is posted to either worker. If the new one dies meanwhile, another one starts after a
 * pause, and waits for the old one as well.
 *
 * The file is longer than others because all ways from one worker of a number to the next share one account.
 */

import { WorkerError } from "../protocol/errors.ts";
import type { DisconnectReason } from "../protocol/events.ts";
import { placeOf } from "../protocol/place.ts";
import type { CommonTask, Place, ProgramFacts, StopSignal } from "../protocol/port.ts";
import { BEAT, type Dropped, type WorkerStatus } from "../protocol/pulse.ts";
import type { WorkerDeath, WorkerReplacement } from "../protocol/worker-causes.ts";
import type { WorkerMemory } from "./memory-watch.ts";
import { restartPause } from "./restart-pause.ts";
import { RollingRestart, type RollingRestartOptions } from "./rolling-restart.ts";
import type { Room } from "./room.ts";
import { StallWatch } from "./stall-watch.ts";
import type { Threads } from "./threads.ts";
import {
  type CallTaker,
  type EventFacts,
  type JobsAttacher,
  type ValueKeeper,
  Worker,
  type WorkerWords,
} from "./worker.ts";

/** Takes what happens to the workers and their events. */
export interface WorkerFacts extends EventFacts {
  /** The worker can take events. */
  workerReady(worker: Worker): void;
  /** The application is a bot's program, of which so many workers serve. Called before the first of them is ready. */
  servesProgram(workers: number): void;
  /** The worker is being replaced: it gets nothing more. Resolves when the deliveries that have begun are posted. */
  workerPaused(worker: Worker): Promise<void>;
  /** The worker ended as told. `unseen`: numbers of the events that no application received. */
  workerDrained(worker: Worker, unseen: readonly number[]): void;
  /**
   * The worker is dead, and its last messages have been handled. `named`: the event that is known to have killed it. `guessed`: events
   * one of which is likely to have killed it.
   * @returns true if an event is blamed
   */
  workerDied(worker: Worker, blame: { named: number | undefined; guessed: readonly number[] }): boolean;
  /** The worker is dead, for that event blocked it for longer than the event's time limit. */
  eventOverdue(worker: Worker, seq: number): void;
  /** The posted event of that number. */
  posted(worker: number, seq: number): Place | undefined;
  /** True if the quarantine has something to do. */
  needsQuarantine(): boolean;
  /** There is no memory for the quarantine: what waits for it goes to the other workers. @returns false if nothing waits */
  withoutQuarantine(): boolean;
}

export interface WorkerPoolOptions {
  workers: number;
  /** Number of workers of a bot's program. If the application may be one, its first worker starts before the others, and tells. */
  programWorkers: number;
  threads: Pick<Threads, "run" | "destroy">;
  task: Omit<CommonTask, "debug">;
  /** Silence after which a worker is killed: ms. */
  stallTimeout: number;
  /** Time that a worker which is replaced has for its events, and for its lifespan's end: ms. */
  grace: number;
  restart: Pick<RollingRestartOptions, "recycleAfter" | "memoryLimit" | "watchesFiles">;
  /** Memory for one more worker. */
  room: Pick<Room, "has" | "measure" | "costOf">;
  /** Ends an idle heavy thread. @returns false if there is none */
  shrink(): boolean;
  /** Pause before a worker that died `deaths` times in a row is started again: ms. */
  pause?(deaths: number): number;
  /** The worker has items to post: its flush() is to be called at the end of the turn. */
  onPushed(worker: Worker): void;
  updates: WorkerFacts;
  calls: CallTaker;
  values: ValueKeeper;
  jobs: JobsAttacher;
  words: WorkerWords;
  diagnostics: {
    workerReady(worker: number): void;
    workerStalled(worker: number): void;
    workerDied(worker: number, cause: WorkerDeath, error: Error): void;
    workerReplaced(worker: number, cause: WorkerReplacement): void;
  };
  log: RollingRestartOptions["log"] & {
    warn(fields: { worker: number } & Place, message: string): void;
    isLevelEnabled(level: "debug"): boolean;
  };
}

/** The kind of thread that asks for room. */
const WORKER = "worker";
/** Pause between two looks at the quarantine: ms. */
const LOOK = BEAT;
/** Looks in a row that find nothing to do before the quarantine ends. */
const IDLE_LOOKS = 3;
/** A worker that has lived for so long is healthy: its next death counts as its first. ms. */
const HEALTHY = 60_000;

export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #restart: RollingRestart;
  readonly #stallWatch: StallWatch;
  /** All workers that are not over, in the order of their start. */
  readonly #workers = new Set<Worker>();
  /** The worker of each number: it serves, or waits for the worker that it replaces, or starts, or is dead. */
  readonly #current: Worker[] = [];
  /** Pauses after a death, by number. */
  readonly #pauses = new Map<number, NodeJS.Timeout>();
  #started: Promise<unknown> = Promise.resolve();
  /** Number of workers, without the quarantine. */
  #count: number;
  #servesProgram = false;
  /** The first worker has yet to tell whether the application is a program. */
  #isUndecided: boolean;
  #quarantineWatch: NodeJS.Timeout | undefined;
  /** Instances that dead workers dropped. */
  #past: Dropped = { idle: 0, evicted: 0 };
  #isStopping = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#count = options.workers;
    this.#isUndecided = options.task.mayBeProgram;
    this.#restart = new RollingRestart({
      ...options.restart,
      workers: options.workers,
      replace: (worker, cause, signal) => this.#replace(worker, cause, signal),
      shrink: options.shrink,
      isUp: (worker) => this.#current[worker]?.isUp === true,
      memory: () => this.#serving.map((worker) => this.#memoryOf(worker)),
      log: options.log,
    });
    this.#stallWatch = new StallWatch({
      workers: this.#workers,
      timeout: options.stallTimeout,
      onStalled: (worker) => this.#reportStall(worker),
    });
  }

  /**
   * Starts the workers. Resolves when each has imported the application and finished its lifespan startup.
   * @throws ApplicationLoadError | StartupFailedError | WorkerError
   */
  async start(): Promise<void> {
    this.#restart.start();
    this.#stallWatch.start();
    const first = this.#options.task.mayBeProgram ? 1 : this.#count;
    this.#started = this.#startThose(0, first).then(() => this.#startThose(first, this.#count));
    await this.#started;
  }

  /** Starts the workers from a number to another, without that. */
  async #startThose(from: number, to: number): Promise<void> {
    if (from >= to || this.#isStopping) return;
    for (let number = from; number < to; number++) this.#current[number] = this.#add(number);
    const ready = Promise.all(this.#current.slice(from, to).map((worker) => worker.ready));
    this.#options.room.measure(WORKER, ready, to - from);
    await ready;
  }

  /** The workers by their numbers, without the quarantine. */
  get status(): WorkerStatus[] {
    return this.#serving.map(({ number, isUp, pulse }) => {
      return { number, isUp, silence: pulse.silence, condition: pulse.condition };
    });
  }

  /** The bot's program that is served; undefined for an application. */
  get program(): ProgramFacts | undefined {
    return this.#current[0]?.program;
  }

  /** The error for which the last reload failed; undefined if it did not. */
  get reloadFailure(): string | undefined {
    return this.#restart.failure;
  }

  /** Number of idle instances that were dropped, dead workers included. */
  get dropped(): Dropped {
    return [this.#past, ...[...this.#workers].map(({ pulse }) => pulse.condition)].reduce(plus);
  }

  /** Turns log lines of level debug on or off in every worker. */
  setDebug(debug: boolean): void {
    for (const worker of this.#workers) worker.push({ type: "debug", debug });
  }

  /**
   * Replaces all workers, one at a time. Resolves when all are replaced.
   * @throws ApplicationLoadError | StartupFailedError | WorkerError if one cannot start: the old ones go on, but for a program's
   */
  reload(): Promise<void> {
    return this.#restart.reload();
  }

  /** Kills the thread of a worker that is up, as a crash does. @throws WorkerError if there is none of this number */
  kill(number: number): void {
    const worker = this.#current[number];
    if (worker?.state !== "running") throw new WorkerError(`there is no worker ${number} that is up`);
    worker.kill(new WorkerError(`worker ${number} was killed`));
  }

  /** Starts the quarantine, unless it is up or about to be, or there is no memory for it. */
  startQuarantine(): void {
    const { workers: number, updates, log } = this.#options;
    const { state = "over" } = this.#current[number] ?? {};
    if (this.#isStopping || state !== "over" || this.#pauses.has(number) || this.#isRecovering) return;
    if (!this.#hasRoom) {
      // The instances of its scopes are to end first.
      if (this.#hasServing(number)) return;
      const message =
        "no memory for the quarantine: events that may kill their worker are handled in their own, one at a time";
      if (updates.withoutQuarantine()) log.warn({ worker: number }, message);
      return;
    }
    log.info({ worker: number }, "the quarantine starts, for events that may kill their worker");
    this.#current[number] = this.#add(number, 1);
    this.#watchQuarantine();
  }

  /** True if there is memory for another worker, besides those that are down and will be back. */
  get #hasRoom(): boolean {
    const down = this.#serving.filter(({ isUp }) => !isUp).length;
    return this.#options.room.has(WORKER, 1 + down);
  }

  /** True while a worker that died starts for the first time again: others wait for it, and two starts at once take twice the time. */
  get #isRecovering(): boolean {
    return this.#serving.some(({ isUp, deaths }) => !isUp && deaths <= 1);
  }

  /** The application imports that file, in a thread that is not a worker. */
  imported(file: string): void {
    this.#restart.imported(file);
  }

  /** Ends all instances, then the lifespans, or the programs by that signal; resolves when every worker has finished. */
  async drain(reason: DisconnectReason, signal?: StopSignal): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#quarantineWatch);
    void this.#restart.stop();
    for (const worker of this.#workers) {
      // Its import may never end, and nothing has begun that is to end in order.
      if (worker.hasBegun) worker.drain(reason, signal);
      else worker.kill(new WorkerError(`worker ${worker.number} is not wanted any more`));
    }
    await Promise.all([...this.#workers].map(({ ended }) => ended));
  }

  /** Ends all threads at once. */
  async destroy(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#quarantineWatch);
    this.#stallWatch.stop();
    await Promise.all([this.#options.threads.destroy(), this.#restart.stop()]);
  }

  /**
   * Starts another worker beside the one that serves, or after it. Resolves when it serves and the old one has ended.
   * @param signal gives the new worker up while it is not ready
   * @throws ApplicationLoadError | StartupFailedError | WorkerError if the new one cannot start: the old one goes on
   */
  async #replace(number: number, cause: WorkerReplacement, signal: AbortSignal): Promise<void> {
    await this.#started;
    signal.throwIfAborted();
    if (this.#isStopping) throw new WorkerError("the workers are being stopped");
    const old = this.#current[number]!;
    clearTimeout(this.#pauses.get(number));
    this.#pauses.delete(number);
    if (this.#servesProgram) return await this.#endFirst(old, cause, signal);
    if (old.state !== "over" && !this.#hasRoom) {
      const message = "no memory for two workers: the old one ends before the new one starts";
      this.#options.log.info({ worker: number }, message);
      return await this.#endFirst(old, cause);
    }
    const successor = this.#add(number, 0, cause);
    this.#options.room.measure(WORKER, successor.ready);
    const giveUp = () => {
      if (!successor.hasStarted) successor.kill(new WorkerError(`worker ${number} is not wanted any more`));
    };
    signal.addEventListener("abort", giveUp, { once: true });
    await successor.ready.finally(() => signal.removeEventListener("abort", giveUp));
    // Its code is the old one, and the new one is known to start.
    if (cause === "reload") this.#endQuarantine();
    await old.over;
  }

  /**
   * Ends a worker, then starts another one in its place. A worker that cannot start is started again after a pause, like one that died.
   * @param signal ends the wait for the new one, which then is ended in its turn
   */
  async #endFirst(old: Worker, cause: WorkerReplacement, signal?: AbortSignal): Promise<void> {
    const { number } = old;
    if (old.state === "over") this.#current[number] = this.#add(number, 1);
    else {
      old.isEndedFirst = true;
      if (old.state === "running") this.#retire(old, cause);
      else old.kill(new WorkerError(`worker ${number} is not wanted any more`));
      await old.over;
    }
    signal?.throwIfAborted();
    const givenUp = new Promise<never>((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    await Promise.race([this.#current[number]!.ready, givenUp]);
  }

  /** Ends the quarantine once it has had nothing to do, and no instance, for some looks. */
  #watchQuarantine(): void {
    clearInterval(this.#quarantineWatch);
    let looks = 0;
    this.#quarantineWatch = setInterval(() => {
      const worker = this.#current[this.#options.workers];
      const isIdle = worker?.state === "running" && worker.pulse.condition.instances === 0;
      looks = isIdle && !this.#options.updates.needsQuarantine() ? looks + 1 : 0;
      if (looks === IDLE_LOOKS) this.#endQuarantine();
    }, LOOK).unref();
  }

  /** Its scopes go to the workers of their shards. */
  #endQuarantine(): void {
    const { workers, log } = this.#options;
    const worker = this.#current[workers];
    if (worker?.state !== "running") return;
    clearInterval(this.#quarantineWatch);
    log.info({ worker: workers }, "the quarantine ends");
    delete this.#current[workers];
    this.#retire(worker);
  }

  /** The workers of all numbers but the quarantine's. */
  get #serving(): Worker[] {
    return this.#current.slice(0, this.#count).filter((worker) => worker !== undefined);
  }

  /** Native memory counts as far as the process grew by it while workers started: a model outside of the heap, for example. */
  #memoryOf({ pulse: { condition, silence }, bornAt }: Worker): WorkerMemory {
    const bytes = Math.max(condition.heap + condition.external, this.#options.room.costOf(WORKER));
    return { bytes, age: silence, lifetime: performance.now() - bornAt };
  }

  /** @param cause the reason for which it replaces another worker */
  #add(number: number, deaths = 0, cause: WorkerReplacement = "reload"): Worker {
    const { threads, task, restart, updates, calls, values, jobs, words, onPushed, log } = this.#options;
    const worker: Worker = new Worker({
      number,
      deaths,
      threads,
      task: { ...task, debug: log.isLevelEnabled("debug"), mayBeProgram: this.#isUndecided || this.#servesProgram },
      generation: this.#restart.reloads,
      jobs,
      updates,
      calls,
      values,
      words,
      onPushed,
      onReady: () => this.#onReady(worker, cause),
      onImported: (file) => this.#restart.imported(file),
      onSettled:
        restart.recycleAfter === Number.POSITIVE_INFINITY || number === this.#options.workers
          ? undefined
          : (count) => this.#restart.settled(number, count),
      onDrained: (unseen) => this.#onDrained(worker, unseen),
      onEnded: () => {
        if (!this.#isStopping) worker.kill(new WorkerError(`worker ${number} has ended`));
      },
      onOver: (error) => this.#onOver(worker, error),
    });
    this.#workers.add(worker);
    return worker;
  }

  #onReady(worker: Worker, cause: WorkerReplacement): void {
    const { number, program } = worker;
    const current = this.#current[number]!;
    if (program !== undefined && this.#isUndecided) this.#becomeProgram(worker);
    this.#isUndecided = false;
    if (worker === current) return this.#serve(number);
    if (this.#isStopping) return;
    this.#current[number] = worker;
    if (current.state === "running") return this.#retire(current, cause);
    // The old one is dead, or has not come to serve: there is nothing to hand over.
    current.kill(new WorkerError(`worker ${number} has been replaced`));
    this.#serve(number);
  }

  /** The first worker has told that it runs a program. */
  #becomeProgram({ number, hazards }: Worker): void {
    const { programWorkers, updates, log } = this.#options;
    this.#servesProgram = true;
    this.#count = programWorkers;
    this.#restart.keepFirst(programWorkers);
    updates.servesProgram(programWorkers);
    // Not later: the second worker may die of them.
    if (programWorkers === 1) return;
    for (const hazard of hazards) log.warn({ worker: number }, `each of the ${programWorkers} workers ${hazard}`);
  }

  /** Lets the current worker of a number serve, unless it is not ready, or another one finishes its events. */
  #serve(number: number): void {
    const { updates, diagnostics } = this.#options;
    const worker = this.#current[number];
    const isHandingOver = this.#hasServing(number);
    if (worker?.state !== "running" || isHandingOver) return;
    worker.isServing = true;
    this.#restart.served(number);
    diagnostics.workerReady(number);
    updates.workerReady(worker);
  }

  /** True if a worker of that number serves, or finishes its events while another one waits. */
  #hasServing(number: number): boolean {
    return [...this.#workers].some((worker) => worker.number === number && worker.isServing);
  }

  /** Lets a worker finish what it holds. @param cause the reason for which another one replaces it */
  #retire(worker: Worker, cause?: WorkerReplacement): void {
    const { updates, diagnostics, grace } = this.#options;
    if (cause !== undefined) diagnostics.workerReplaced(worker.number, cause);
    // A worker that has drained would not say of a later delivery that no application received it.
    void updates.workerPaused(worker).then(() => worker.drain("reload"));
    const late = setTimeout(() => worker.dismiss(), grace).unref();
    void worker.over.then(() => clearTimeout(late));
  }

  #onDrained(worker: Worker, unseen: readonly number[]): void {
    const { number, isServing } = worker;
    worker.isServing = false;
    // A worker that never served held no events; the events of its number are another worker's.
    if (isServing) this.#options.updates.workerDrained(worker, unseen);
    if (worker !== this.#current[number]) this.#serve(number);
  }

  #onOver(worker: Worker, error: Error): void {
    const { number, isServing, isDismissed, isEndedFirst } = worker;
    worker.isServing = false;
    this.#workers.delete(worker);
    this.#past = plus(this.#past, worker.pulse.condition);
    // start() itself reports a worker that dies at the first start of all.
    if (this.#isStopping || (worker === this.#current[number] && !worker.hasStarted && worker.deaths === 0)) return;
    let isBlamed = false;
    if (isDismissed) {
      this.#options.log.warn({ worker: number }, "a worker did not finish in time; it is ended");
      if (isServing) this.#options.updates.workerDrained(worker, []);
    } else if (isServing || (worker === this.#current[number] && !isEndedFirst)) {
      isBlamed = this.#reportDeath(worker, error, isServing);
    }
    if (isEndedFirst) {
      this.#current[number] = this.#add(number, 1);
      return;
    }
    if (worker !== this.#current[number]) this.#serve(number);
    this.#restartIfDead(number, isBlamed);
  }

  /** @returns true if an event is blamed */
  #reportDeath(worker: Worker, error: Error, isServing: boolean): boolean {
    const { updates, words, diagnostics } = this.#options;
    const { number } = worker;
    const message = "a worker died; its unsettled events go to its replacement";
    words.said(number, { error: error.message }, "error", message);
    diagnostics.workerDied(number, worker.causeOfDeath, error);
    if (!isServing) return false;
    const { culprit, suspects, overdue } = worker;
    if (overdue === undefined) return updates.workerDied(worker, { named: culprit, guessed: suspects });
    updates.eventOverdue(worker, overdue);
    return true;
  }

  /**
   * Starts a worker if the number's worker is dead and no other one is about to replace it: after a pause, unless an event is blamed,
   * which is a dead letter after some deaths.
   */
  #restartIfDead(number: number, isBlamed: boolean): void {
    const { state, bornAt = 0, deaths: before = 0 } = this.#current[number] ?? {};
    const isFollowed = [...this.#workers].some((one) => one.number === number && one.state === "starting");
    if (state !== "over" || isFollowed || this.#pauses.has(number)) return;
    if (number === this.#options.workers && !this.#options.updates.needsQuarantine()) return;
    const deaths = isBlamed || performance.now() - bornAt >= HEALTHY ? 1 : before + 1;
    const { pause = restartPause } = this.#options;
    const timer = setTimeout(() => {
      this.#pauses.delete(number);
      if (!this.#isStopping) this.#current[number] = this.#add(number, deaths);
    }, pause(deaths));
    this.#pauses.set(number, timer.unref());
  }

  #reportStall(worker: Worker): void {
    const { updates, diagnostics, log } = this.#options;
    const { number, pulse } = worker;
    diagnostics.workerStalled(number);
    const place = placeOf(updates.posted(number, pulse.seq));
    const seconds = Math.round(pulse.silence / 1000);
    log.warn({ worker: number, ...place }, `a worker is stalled: its event loop has not turned for ${seconds} s`);
  }
}

function plus(one: Dropped, other: Dropped): Dropped {
  return { idle: one.idle + other.idle, evicted: one.evicted + other.evicted };
}
