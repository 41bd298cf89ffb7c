/**
 * The workers as the server deals with them: what is said to each, what each says, and what is known of one that dies.
 *
 * What comes back from a worker goes to where it belongs: calls to the outbox, ends of events to the deliveries, words to the
 * log. Answers go to the life of the worker that asked; where that is over, nobody waits for them any more.
 */

import { availableParallelism } from "node:os";
import type { Transferable } from "node:worker_threads";
import type { Config } from "./config/config.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Diagnostics } from "./observe/diagnostics.ts";
import { type Logger, onLevelChange } from "./observe/logger.ts";
import { fieldsOf, WorkerLog } from "./observe/worker-log.ts";
import { ApplicationLoadError, StartupFailedError, WorkerError } from "./protocol/errors.ts";
import type { DisconnectReason } from "./protocol/events.ts";
import { failureOf } from "./protocol/failure.ts";
import type { DownloadedFile, EventItem, ToMain } from "./protocol/port.ts";
import type { Entity } from "./protocol/route.ts";
import type { Hide } from "./protocol/secrets.ts";
import type { WorkerDeath, WorkerReplacement } from "./protocol/worker-causes.ts";
import type { Outbox } from "./sends/outbox.ts";
import { backoff } from "./telegram/retry.ts";
import { closeStreams, watchStreams } from "./telegram/upload-streams.ts";
import { WorkerPool } from "./threads/pool.ts";
import { Renewal } from "./threads/rolling-restart.ts";
import type { WorkerLife } from "./threads/worker.ts";

export interface WorkforceOptions {
  config: Config;
  outbox: Outbox;
  log: Logger;
  /** For what is kept of the workers' words. */
  hide: Hide;
  tell: Diagnostics;
  /** Something without which there is no going on. */
  onError(error: Error): void;
}

export class Workforce {
  readonly #log: Logger;
  readonly #tell: Diagnostics;
  readonly #outbox: Outbox;
  readonly #hide: Hide;
  readonly #onError: (error: Error) => void;
  readonly #pool: WorkerPool;
  readonly #workerLog: WorkerLog;
  /** The workers that events are posted to. */
  readonly #lives = new Map<number, WorkerLife>();
  /** The event that each was at when it reported its own death. */
  readonly #culprits = new WeakMap<WorkerLife, number | undefined>();
  /** Those that have been reported as stalled. */
  readonly #stalled = new Set<number>();
  readonly #started: Promise<void>;
  readonly #renewal: Renewal;
  /** Why the worker is replaced whose turn it is. */
  #renewalCause: WorkerReplacement = "reload";
  /** There as soon as there is work, and we know who we are. */
  #deliveries: Deliveries | undefined;
  #bot: Entity = { id: 0 };

  /** Starts the threads. */
  constructor({ config, outbox, log, hide, tell, onError }: WorkforceOptions) {
    this.#log = log;
    this.#workerLog = new WorkerLog({ log, hide });
    this.#tell = tell;
    this.#outbox = outbox;
    this.#hide = hide;
    this.#onError = onError;
    this.#pool = new WorkerPool({
      workers: config.workers,
      task: {
        application: config.application,
        directory: config.directory,
        interface: config.interface,
        lifespan: config.lifespan,
        maxInstances: instancesPerWorker(config),
        idleTimeout: config.idleTimeout ? config.idleTimeout * 1000 : Number.POSITIVE_INFINITY,
        debug: log.isLevelEnabled("debug"),
        watch: config.reload,
        // With no more workers than processors the scheduler does it well, and priorities cost some throughput.
        yields: config.workers > availableParallelism(),
      },
      memory: config.workerMemory || undefined,
      stallTimeout: config.stallTimeout ? config.stallTimeout * 1000 : undefined,
      grace: config.shutdownTimeout * 1000,
      pause: (deaths) => (deaths === 1 ? 0 : backoff(deaths, 10_000)),
      beforePost: () => this.#guard(() => this.#deliveries?.record()),
      onReady: (worker, life) => this.#welcome(worker, life),
      onMessage: (worker, life, item) => this.#guard(() => this.#hear(worker, life, item)),
      onPaused: (worker) => {
        tell.workerReplaced(worker, this.#renewalCause);
        this.#deliveries?.workerPaused(worker);
      },
      onDrained: (worker, unseen) => this.#guard(() => this.#deliveries?.workerDrained(worker, unseen)),
      onDismissed: (worker) =>
        this.#log.warn({ worker }, "a worker that is replaced did not finish in time; it is ended"),
      onGone: (worker, life, error) => this.#guard(() => this.#lost(worker, life, error)),
      onStalled: (worker, silence, seq) => this.#reportStall(worker, silence, seq),
    });
    onLevelChange(log, () => {
      for (const life of this.#lives.values()) this.#tellLevel(life);
    });
    this.#started = this.#pool.start();
    // Whoever calls start() hears of it.
    this.#started.catch(() => {});
    this.#renewal = new Renewal({
      workers: config.workers,
      recycleAfter: config.recycleAfter || undefined,
      memoryLimit: config.memoryLimit ? config.memoryLimit * 2 ** 20 : undefined,
      watchesFiles: config.reload,
      replace: async (worker, cause, signal) => {
        await this.#started;
        this.#renewalCause = cause;
        await this.#pool.replace(worker, signal);
      },
      memory: () => this.#pool.workers.map(({ condition: { heap, external } }) => heap + external),
      log,
    });
  }

  /**
   * Resolves when every worker is ready.
   * @throws ApplicationLoadError | StartupFailedError | WorkerError
   */
  start(): Promise<void> {
    return this.#started;
  }

  /** From now on there is work. */
  begin(deliveries: Deliveries, bot: Entity): void {
    this.#deliveries = deliveries;
    this.#bot = bot;
    for (const [worker, life] of this.#lives) this.#welcome(worker, life);
  }

  post(worker: number, event: EventItem): void {
    const life = this.#lives.get(worker)!;
    if (life.last?.type === "events") life.last.events.push(event);
    else life.push({ type: "events", events: [event] });
  }

  /** How each worker is. */
  get workers(): WorkerPool["workers"] {
    return this.#pool.workers;
  }

  /** How many instances have been dropped because they were idle. */
  get dropped(): WorkerPool["dropped"] {
    return this.#pool.dropped;
  }

  /** What the worker said last. */
  logTail(worker: number): string {
    return this.#workerLog.tail(worker);
  }

  /**
   * Replaces every worker, one after another, by one that has the application as its files are now; resolves when all have been.
   * @throws ApplicationLoadError | StartupFailedError | WorkerError where one cannot start: those that serve go on
   */
  reload(): Promise<void> {
    return this.#renewal.reload();
  }

  /** Ends all instances and lifespans; resolves when that is done. */
  drain(reason: DisconnectReason): Promise<void> {
    void this.#renewal.stop();
    return this.#pool.drain(reason);
  }

  /** Ends the threads. */
  async destroy(): Promise<void> {
    await Promise.all([this.#pool.destroy(), this.#renewal.stop()]);
  }

  /** A worker is ready, at the start or as the replacement of another. */
  #welcome(worker: number, life: WorkerLife): void {
    this.#lives.set(worker, life);
    this.#tellLevel(life);
    this.#tell.workerReady(worker);
    if (this.#deliveries === undefined) return;
    life.push({ type: "bot", bot: this.#bot });
    this.#deliveries.workerReady(worker);
  }

  #tellLevel(life: WorkerLife): void {
    life.push({ type: "debug", debug: this.#log.isLevelEnabled("debug") });
  }

  #hear(worker: number, life: WorkerLife, item: ToMain): void {
    switch (item.type) {
      case "call":
        return this.#call(worker, life, item);
      case "settled":
        this.#renewal.settled(worker, item.seqs.length);
        return this.#deliveries?.settled(worker, item.seqs);
      case "failed":
        this.#renewal.settled(worker, 1);
        this.#workerLog.said(worker, item, "error", "the application threw; the event is now a dead letter");
        return this.#deliveries?.failed(worker, item.seq, this.#hide(item.error));
      case "crash":
        this.#culprits.set(life, item.seq);
        return this.#workerLog.said(worker, item, "error", `${item.message}; the worker is replaced`);
      case "imported":
        return this.#renewal.imported(item.file);
      case "log":
        return this.#workerLog.said(worker, item, item.level, item.message);
      case "output":
        return this.#workerLog.printed(worker, item);
    }
  }

  #call(worker: number, life: WorkerLife, { id, call, from }: Extract<ToMain, { type: "call" }>): void {
    // What was settled before the call was made is settled for good before the call can have an effect.
    this.#deliveries?.record();
    // Found now: the event may be settled by the time of the answer.
    const place = typeof from === "string" ? { scope: from } : this.#deliveries?.posted(worker, from);
    const isOver = this.#tell.sending(worker, call, place);
    if (call.files !== undefined) watchStreams(call.files);
    this.#outbox.post({
      call,
      succeeded: (answer) => {
        isOver?.();
        if (this.#log.isLevelEnabled("trace")) this.#log.trace(fieldsOf(worker, place, call), "a call succeeded");
        if (typeof answer === "string") life.push({ type: "result", id, body: answer });
        else life.push({ type: "file", id, file: answer }, transferIn(answer));
      },
      failed: (error) => {
        isOver?.(error);
        if (call.files !== undefined) closeStreams(call.files);
        this.#log.info({ ...fieldsOf(worker, place, call), error: (error as Error).message }, "a call failed");
        life.push({ type: "failure", id, error: failureOf(error, call.method) });
      },
    });
  }

  #lost(worker: number, life: WorkerLife, error: Error): void {
    const message = "a worker is gone; its unsettled events go to its replacement";
    this.#workerLog.said(worker, { error: error.message }, "error", message);
    this.#tell.workerDied(worker, this.#causeOf(worker, life, error), error);
    // One that died before it was given any event has nothing to leave.
    if (this.#lives.get(worker) !== life) return;
    this.#lives.delete(worker);
    this.#deliveries?.workerGone(worker, this.#culprits.get(life));
  }

  #causeOf(worker: number, life: WorkerLife, error: Error): WorkerDeath {
    const wasStalled = this.#stalled.delete(worker);
    if (this.#culprits.has(life)) return "crash";
    if (error instanceof ApplicationLoadError || error instanceof StartupFailedError) return "start";
    if ((error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY") return "memory";
    return wasStalled && error instanceof WorkerError ? "stall" : "other";
  }

  #reportStall(worker: number, silence: number, seq: number): void {
    this.#stalled.add(worker);
    this.#tell.workerStalled(worker);
    const message = `a worker is stalled: its event loop has not turned for ${Math.round(silence / 1000)} s`;
    this.#log.warn(fieldsOf(worker, this.#deliveries?.posted(worker, seq)), message);
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#onError(error as Error);
    }
  }
}

/** What of a file changes hands. */
function transferIn(file: DownloadedFile): Transferable[] {
  if ("bytes" in file) return [file.bytes.buffer];
  return "port" in file ? [file.port] : [];
}

/** Each worker keeps its share; one at least, or it could not work. */
function instancesPerWorker({ maxApplications, workers }: Config): number {
  return maxApplications ? Math.max(1, Math.floor(maxApplications / workers)) : Number.POSITIVE_INFINITY;
}
