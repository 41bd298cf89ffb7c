/**
 * The server, assembled. An update's way, and a call's way back:
 *
 *   BotApi -> Poller -> Updates (Inbox, Dispatcher) -> Recorder -> Worker -> [port] -> the application
 *   BotApi <- Outbox <--------------------- WorkerCalls <- Worker <- [port] <- send()
 *                       Updates <------------------------- Worker <- [port] <- receive() again, return, throw
 *
 * The stages do not know one another: this file hands each the functions that it needs. It is longer than others so that start,
 * run and stop are read in one place.
 */

import { availableParallelism } from "node:os";
import type { WebhookInfo } from "@grammyjs/types";
import type { Config } from "./config/config.ts";
import { parseAddress } from "./config/listen-address.ts";
import type { Inbox } from "./inbox/inbox.ts";
import { MemoryInbox } from "./inbox/memory.ts";
import { SqliteInbox } from "./inbox/sqlite.ts";
import { Diagnostics } from "./observe/diagnostics.ts";
import { createLogger, type Logger, onLevelChange } from "./observe/logger.ts";
import type { Metrics } from "./observe/metrics.ts";
import type { Status } from "./observe/status.ts";
import type { StatusServer } from "./observe/status-server.ts";
import { WorkerLog } from "./observe/worker-log.ts";
import type { Call, CommonTask } from "./protocol/port.ts";
import type { Entity } from "./protocol/route.ts";
import { type Hide, secretHider } from "./protocol/secrets.ts";
import type { SourceState, UpdateSource } from "./protocol/update-source.ts";
import type { CallVerdict } from "./protocol/verdict.ts";
import { Limiter } from "./sends/limiter.ts";
import { Outbox } from "./sends/outbox.ts";
import { WorkerCalls } from "./sends/worker-calls.ts";
import { BotApi } from "./telegram/bot-api.ts";
import { Poller } from "./telegram/poller.ts";
import { backoff, judgeCall } from "./telegram/retry.ts";
import { retryUntilReachable } from "./telegram/retry-until-reachable.ts";
import { WorkerPool } from "./threads/pool.ts";
import { Threads } from "./threads/threads.ts";
import { Recorder } from "./updates/recorder.ts";
import { Updates } from "./updates/updates.ts";

export interface RunningServer {
  /** The number of this server in its process, in all diagnostics (observe/channels.ts). */
  readonly id: number;
  /** Resolves when the server has stopped; rejects with the error that stopped it. */
  readonly closed: Promise<void>;
  /** Address of /healthz, /readyz and /metrics: `http://127.0.0.1:8082`; undefined without `listen`. */
  readonly statusUrl: string | undefined;
  /** Resolves when every update received so far is settled, and every call answered. */
  idle(): Promise<void>;
  /**
   * Restarts the workers one at a time with the application's current files, as SIGHUP does. Polling goes on, and no event is
   * lost. Resolves when all workers are replaced.
   * @throws ApplicationLoadError | StartupFailedError | WorkerError if one cannot start: the old workers go on
   */
  reload(): Promise<void>;
  /** Stops as SIGTERM does: finishes the events at hand, leaves the rest in the inbox. Resolves when the server has stopped. */
  stop(): Promise<void>;
}

/** The inbox, and the source of the updates that it stores. Tests put others in their places. */
export interface Parts {
  openInbox(config: Config, bot: Entity, log: Logger): Inbox;
  createSource(options: SourceOptions): UpdateSource;
}

export interface SourceOptions {
  readonly config: Config;
  readonly api: BotApi;
  readonly log: Logger;
  /**
   * Stores a batch. Resolves when the batch is stored for good and there is room for another.
   * @returns the number of updates that were not known before
   */
  received(updates: readonly unknown[], signal: AbortSignal): Promise<number>;
  /** Observes each poll at its end. */
  polled(updates: number, duration: number, error?: Error): void;
}

/**
 * Starts a server. Resolves when polling has begun.
 * @param signal stops the server as `stop()` does, also during its start: then this rejects with the signal's reason
 * @param log the server's log; without, one that follows the configuration
 * @throws TokenRejectedError | ApplicationLoadError | StartupFailedError | InboxError | ListenError
 */
export async function serve(
  config: Config,
  signal?: AbortSignal,
  log = loggerFor(config),
  parts: Partial<Parts> = {},
): Promise<RunningServer> {
  signal?.throwIfAborted();
  const server = new Server(config, log, { openInbox, createSource, ...parts });
  signal?.addEventListener("abort", () => void server.stop(), { once: true });
  try {
    await server.start();
    return server;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** @param write takes each line; without, it goes to standard error */
export function loggerFor(config: Config, write?: (line: string) => void): Logger {
  return createLogger({ level: config.logLevel, format: config.logFormat, hide: secretHider(config), write });
}

/** Time that Telegram has to confirm the last offset: ms. Unconfirmed updates come again, and the inbox knows them. */
const CONFIRMATION = 2000;
/** Longest pause before a dead worker is started again: ms. */
const LONGEST_PAUSE = 10_000;

let servers = 0;

/** The parts that exist once the bot is known. */
interface Serving {
  readonly inbox: Inbox;
  readonly recorder: Recorder;
  readonly updates: Updates;
  readonly pool: WorkerPool;
  readonly source: UpdateSource;
}

class Server implements RunningServer {
  readonly id = ++servers;
  readonly closed: Promise<void>;

  readonly #config: Config;
  readonly #parts: Parts;
  readonly #log: Logger;
  readonly #hide: Hide;
  readonly #workerLog: WorkerLog;
  readonly #api: BotApi;
  readonly #outbox: Outbox;
  readonly #diagnostics = new Diagnostics(this.id);
  /** Aborted when no more updates are to be received. */
  readonly #receiving = new AbortController();
  readonly #closed = Promise.withResolvers<void>();
  readonly #threads: Threads;
  readonly #createdAt = Date.now();
  #serving: Serving | undefined;
  #isServing = false;
  /** Resolves when the source has ended. */
  #received: Promise<void> | undefined;
  #statusServer: StatusServer | undefined;
  #metrics: Metrics | undefined;
  #stopped: Promise<void> | undefined;

  constructor(config: Config, log: Logger, parts: Parts) {
    this.#config = config;
    this.#parts = parts;
    this.#log = log;
    this.#hide = secretHider(config);
    this.#workerLog = new WorkerLog({ log, hide: this.#hide });
    this.closed = this.#closed.promise;
    this.closed.catch(() => {});
    const { token, apiUrl, proxy, family, local, rateLimit, workers, workerMemory } = config;
    this.#threads = new Threads(workers, workerMemory);
    this.#api = new BotApi({ token, apiUrl, proxy, family, local });
    this.#outbox = new Outbox({
      request: this.#api.make.bind(this.#api),
      judge: (error, call, attempt) => this.#judge(error, call, attempt),
      limiter: new Limiter({ rate: rateLimit }),
    });
  }

  // ---- start ----

  async start(): Promise<void> {
    const { signal } = this.#receiving;
    try {
      for (const warning of this.#config.warnings) this.#log.warn(warning);
      await this.#listen();
      // They come up while Telegram answers.
      this.#threads.start();
      const bot = await this.#getMe();
      signal.throwIfAborted();
      this.#serving = this.#assemble(bot);
      const { inbox, updates, pool, source } = this.#serving;
      await this.#clearTheWay(inbox, source);
      signal.throwIfAborted();
      const unsettled = await inbox.start(updates);
      signal.throwIfAborted();
      await pool.start();
      signal.throwIfAborted();
      this.#isServing = true;
      this.#logStart(bot, unsettled);
    } catch (error) {
      this.#stopped ??= this.#stop().then(this.#closed.resolve);
      await this.#stopped;
      throw error;
    }
    this.#received = this.#receive(this.#serving);
  }

  /** Opens the HTTP server of --listen. */
  async #listen(): Promise<void> {
    const { listen } = this.#config;
    if (listen === false) return;
    const [{ StatusServer }, { Metrics }] = await Promise.all([
      import("./observe/status-server.ts"),
      import("./observe/metrics.ts"),
    ]);
    const status = () => this.#status();
    this.#metrics = new Metrics(this.id, status);
    this.#statusServer = await StatusServer.listen({ ...parseAddress(listen), status, metrics: this.#metrics });
    this.#log.info({ url: this.statusUrl }, "listening");
  }

  #getMe(): Promise<Entity> {
    return this.#retry((signal) => this.#api.getMe(signal)) as Promise<object> as Promise<Entity>;
  }

  /** Makes a call on which the start depends, until Telegram can be reached. */
  #retry<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return retryUntilReachable(call, this.#receiving.signal, ({ method, message }) => {
      this.#log.warn({ method, error: message }, "Telegram cannot be reached; trying again");
    });
  }

  #assemble(bot: Entity): Serving {
    const log = this.#log;
    const diagnostics = this.#diagnostics;
    const onError = (error: Error) => this.#fail(error);
    const { workers, maxAttempts, maxAge, stallTimeout, shutdownTimeout } = this.#config;
    const { recycleAfter, memoryLimit, reload: watchesFiles } = this.#config;
    const inbox = this.#parts.openInbox(this.#config, bot, log);
    const recorder = new Recorder({
      inbox,
      outbox: this.#outbox,
      refused: (worker, seqs) => updates.refused(worker, seqs),
      onError,
    });
    const updates = new Updates({
      inbox,
      recorder,
      bot,
      workers,
      maxAttempts,
      oldest: (Date.now() - maxAge) / 1000,
      words: this.#workerLog,
      hide: this.#hide,
      onError,
      log,
      diagnostics,
    });
    const calls = new WorkerCalls({
      outbox: this.#outbox,
      onPosted: () => recorder.schedule(),
      posted: (worker, seq) => updates.posted(worker, seq),
      observe: (worker, call, origin) => diagnostics.sending(worker, call, origin),
      log,
    });
    const pool = new WorkerPool({
      workers,
      threads: this.#threads,
      task: taskOf(this.#config, bot),
      stallTimeout,
      grace: shutdownTimeout,
      restart: { recycleAfter, memoryLimit, watchesFiles },
      pause: (deaths) => (deaths === 1 ? 0 : backoff(deaths, LONGEST_PAUSE)),
      onPushed: (worker) => recorder.pushed(worker),
      updates,
      calls,
      words: this.#workerLog,
      diagnostics,
      log,
    });
    onLevelChange(log, () => pool.setDebug(log.isLevelEnabled("debug")));
    const source = this.#parts.createSource({
      config: this.#config,
      api: this.#api,
      log,
      received: updates.received.bind(updates),
      polled: diagnostics.polled.bind(diagnostics),
    });
    return { inbox, recorder, updates, pool, source };
  }

  /** Applies --delete-webhook, --drop-pending and --max-age before the first poll. */
  async #clearTheWay(inbox: Inbox, source: UpdateSource): Promise<void> {
    const { deleteWebhook, dropPending, maxAge } = this.#config;
    if (deleteWebhook) await this.#retry((signal) => this.#api.call("deleteWebhook", {}, signal));
    if (dropPending) {
      const info = await this.#retry((signal) => this.#api.call<WebhookInfo>("getWebhookInfo", {}, signal));
      await this.#retry((signal) => source.skipPending(signal));
      this.#log.info({ stored: await inbox.clear(), waiting: info.pending_update_count }, "dropped pending updates");
    } else if (maxAge !== Number.POSITIVE_INFINITY) {
      this.#log.info({ stored: await inbox.clear(Date.now() - maxAge) }, "dropped updates older than --max-age");
    }
  }

  #logStart(bot: Entity, left: number): void {
    const { application, workers, inbox, proxy } = this.#config;
    const way = proxy === false ? {} : { proxy: new URL(proxy).host };
    const unsettled = left > 0 ? { unsettled: left } : {};
    this.#log.info({ bot: `@${bot.username}`, application, workers, inbox, ...way, ...unsettled }, "serving");
  }

  // ---- run ----

  /** Receives updates until the server stops. A full inbox makes it wait before the first. */
  async #receive({ updates, source }: Serving): Promise<void> {
    const { signal } = this.#receiving;
    try {
      await updates.room(signal);
      await source.run(signal);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #judge(error: unknown, call: Call, attempt: number): CallVerdict {
    const { method } = call;
    const verdict = judgeCall(error, call, attempt);
    if (verdict.action === "again") {
      this.#diagnostics.retrying(method, attempt, verdict.refused ? "refused" : "failed", verdict.after);
    } else if (verdict.action === "redirect") {
      this.#diagnostics.retrying(method, attempt, "moved", 0);
    }
    return verdict;
  }

  // ---- status ----

  get statusUrl(): string | undefined {
    return this.#statusServer?.url;
  }

  #status(): Status {
    const { inbox, updates, pool, source } = this.#serving ?? {};
    const none: SourceState = { failures: 0, lastError: undefined, silence: 0, lastSuccess: this.#createdAt };
    return {
      phase: this.#stopped !== undefined ? "stopping" : this.#isServing ? "serving" : "starting",
      source: source?.state ?? none,
      workers: pool?.status ?? [],
      droppedInstances: pool?.dropped ?? { idle: 0, evicted: 0 },
      unsettled: updates?.unsettled ?? 0,
      oldest: updates?.oldest,
      posted: updates?.inFlight ?? 0,
      isFull: updates?.isFull ?? false,
      sends: this.#outbox,
      checkInbox: async () => inbox?.check(),
    };
  }

  // ---- reload, idle, stop ----

  async reload(): Promise<void> {
    this.#log.info("reloading the application");
    await this.#serving?.pool.reload();
  }

  async idle(): Promise<void> {
    while (this.#unsettled > 0 || this.#outbox.pending > 0) {
      await this.#serving?.updates.idle();
      await this.#outbox.idle();
    }
    await this.#serving?.recorder.end();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop().then(this.#closed.resolve, this.#closed.reject);
    return this.#stopped;
  }

  /** Handles a fatal error: the server stops. */
  #fail(error: Error): void {
    if (this.#stopped !== undefined) return;
    this.#log.fatal({ error: error.message }, "stopping");
    this.#stopped = this.#stop().finally(() => this.#closed.reject(error));
  }

  get #unsettled(): number {
    return this.#serving?.updates.unsettled ?? 0;
  }

  async #stop(): Promise<void> {
    const { shutdownTimeout } = this.#config;
    if (this.#isServing) this.#log.info("stopping: finishing what is at hand");
    this.#receiving.abort();
    const deadline = AbortSignal.timeout(shutdownTimeout);
    const isFinished = this.#serving === undefined || (await before(deadline, this.#finish(this.#serving, deadline)));
    const unsettled = this.#unsettled;
    const calls = this.#outbox.pending;
    if (!isFinished) {
      const seconds = shutdownTimeout / 1000;
      this.#log.warn({ unsettled, calls }, `not everything was finished within ${seconds} s`);
    }
    await this.#release();
    if (this.#isServing) this.#log.info(unsettled > 0 ? { unsettled } : {}, "stopped");
  }

  async #finish({ inbox, recorder, updates, pool, source }: Serving, deadline: AbortSignal): Promise<void> {
    await this.#received;
    // Updates that only memory holds are handled now or never.
    if (!inbox.isDurable) await updates.idle();
    updates.close();
    await pool.drain("shutdown");
    await recorder.end();
    await this.#outbox.idle();
    if (!this.#isServing) return;
    await source
      .confirm(AbortSignal.any([deadline, AbortSignal.timeout(CONFIRMATION)]))
      .catch(({ method, message }) => this.#log.debug({ method, error: message }, "the last offset was not confirmed"));
  }

  async #release(): Promise<void> {
    const { inbox, recorder, pool } = this.#serving ?? {};
    this.#outbox.close();
    await Promise.all([pool === undefined ? this.#threads.destroy() : pool.destroy(), this.#api.close()]);
    try {
      await recorder?.end();
    } finally {
      await inbox?.close();
      this.#metrics?.close();
      await this.#statusServer?.close();
    }
  }
}

function openInbox({ inbox, deadLetterLimit, deadLetterAge }: Config, bot: Entity, log: Logger): Inbox {
  if (inbox !== false) return new SqliteInbox(inbox, bot.id, { count: deadLetterLimit, age: deadLetterAge });
  log.info("no inbox: updates that are not handled when the process dies are lost");
  return new MemoryInbox();
}

function createSource({ config, api, log, received, polled }: SourceOptions): UpdateSource {
  return new Poller({
    allowedUpdates: config.allowedUpdates,
    getUpdates: api.getUpdates.bind(api),
    received,
    polled,
    log,
  });
}

function taskOf(config: Config, bot: Entity): Omit<CommonTask, "debug"> {
  const { application, directory, interface: asgi, lifespan, maxApplications, workers, idleTimeout, reload } = config;
  return {
    application,
    directory,
    interface: asgi,
    lifespan,
    bot,
    // A worker without instances could not work.
    maxInstances: Math.max(1, Math.floor(maxApplications / workers)),
    idleTimeout,
    watch: reload,
    // With no more workers than processors the scheduler does well, and priorities would cost some throughput.
    yields: workers > availableParallelism(),
  };
}

/** @returns true if the work is done before the deadline. @throws the work's error */
async function before(deadline: AbortSignal, work: Promise<void>): Promise<boolean> {
  const late = new Promise<false>((resolve) => {
    if (deadline.aborted) resolve(false);
    deadline.addEventListener("abort", () => resolve(false), { once: true });
  });
  return Promise.race([work.then(() => true), late]);
}
