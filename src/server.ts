/**
 * The server, assembled. An update's way, and a call's way back:
 *
 *   BotApi -> Poller -> Updates (Inbox, Dispatcher) -> Recorder -> Worker -> [port] -> the application
 *   BotApi <- Outbox <--------------------- WorkerCalls <- Worker <- [port] <- send()
 *                       Updates <------------------------- Worker <- [port] <- receive() again, return, throw
 *
 * assembly.ts builds the stages. This file is longer than others, so that start, run and stop of all of them are in one place.
 */

import type { WebhookInfo } from "@grammyjs/types";
import { type Assembly, assemble, PARTS, type Parts } from "./assembly.ts";
import type { Config } from "./config/config.ts";
import { parseAddress } from "./config/listen-address.ts";
import type { Inbox } from "./inbox/inbox.ts";
import { Diagnostics } from "./observe/diagnostics.ts";
import type { LogFields } from "./observe/log-fields.ts";
import { createLogger, type Logger } from "./observe/logger.ts";
import type { Metrics } from "./observe/metrics.ts";
import type { Status } from "./observe/status.ts";
import type { StatusServer } from "./observe/status-server.ts";
import { WorkerLog } from "./observe/worker-log.ts";
import { isDatabaseAddress, shownAddress } from "./protocol/database-address.ts";
import { TelegramError, WorkerError } from "./protocol/errors.ts";
import type { Call, ProgramFacts, StopSignal } from "./protocol/port.ts";
import type { Entity } from "./protocol/route.ts";
import { type Hide, secretHider } from "./protocol/secrets.ts";
import type { SourceState, UpdateSource } from "./protocol/update-source.ts";
import type { CallVerdict } from "./protocol/verdict.ts";
import { Limiter } from "./sends/limiter.ts";
import { LongWaits } from "./sends/long-waits.ts";
import { Outbox } from "./sends/outbox.ts";
import { BotApi } from "./telegram/bot-api.ts";
import { judgeCall } from "./telegram/retry.ts";
import { retryUntilReachable } from "./telegram/retry-until-reachable.ts";
import { Threads } from "./threads/threads.ts";

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
  /**
   * Kills a worker's thread, as a crash does: another one takes its place, and its unsettled events.
   * @throws WorkerError if no worker has this number
   */
  killWorker(worker: number): void;
  /** Stops as SIGTERM does: finishes the events at hand, leaves the rest in the inbox. Resolves when the server has stopped. */
  stop(): Promise<void>;
}

/**
 * Starts a server. Resolves when polling has begun.
 * @param signal stops the server as `stop()` does, also during its start: then this rejects with the signal's reason. With the reason
 *   `"SIGINT"` a bot's program gets that instead of SIGTERM
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
  const server = new Server(config, log, { ...PARTS, ...parts });
  const stop = () => void server.stop(signal?.reason === "SIGINT" ? "SIGINT" : "SIGTERM");
  signal?.addEventListener("abort", stop, { once: true });
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

/** Time of --shutdown-timeout for what comes after the work: threads are ended, and files are closed. ms; a quarter of it at most. */
const CLOSING = 500;

let servers = 0;

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
  #serving: Assembly | undefined;
  #isServing = false;
  /** Resolves when the source has ended. */
  #received: Promise<void> | undefined;
  #statusServer: StatusServer | undefined;
  #metrics: Metrics | undefined;
  #stopped: Promise<void> | undefined;
  /** The fatal error for which it stops. */
  #failure: Error | undefined;
  #listening: Promise<void> = Promise.resolve();
  #stopSignal: StopSignal = "SIGTERM";

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
      onNext: (work) => this.#serving?.recorder.whenJournaled(work),
      limiter: new Limiter({ rate: rateLimit }),
      longWaits: new LongWaits({
        tell: (lane, seconds) => log.warn({ lane, seconds }, "Telegram makes a chat wait for more than a minute"),
      }),
    });
  }

  // ---- start ----

  async start(): Promise<void> {
    const { signal } = this.#receiving;
    try {
      for (const warning of this.#config.warnings) this.#log.warn(warning);
      this.#listening = this.#listen();
      await this.#listening;
      signal.throwIfAborted();
      // They come up while Telegram answers.
      this.#threads.start(this.#config.mayBeProgram ? 1 : undefined);
      const bot = await this.#getMe();
      signal.throwIfAborted();
      const inbox = await this.#openInbox(bot);
      this.#divideCalls(inbox);
      this.#serving = this.#assemble(bot, inbox);
      const { updates, pool, source } = this.#serving;
      await this.#clearTheWay(inbox, source);
      signal.throwIfAborted();
      await pool.start();
      signal.throwIfAborted();
      if (pool.program?.dropsPending && !this.#config.dropPending) await this.#dropPending(inbox, source);
      signal.throwIfAborted();
      const unsettled = await inbox.start(updates);
      signal.throwIfAborted();
      this.#isServing = true;
      this.#logStart(bot, unsettled, this.#serving);
    } catch (error) {
      this.#stopped ??= this.#stop().then(this.#closed.resolve);
      await this.#stopped;
      throw this.#failure ?? error;
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

  /** Makes a call on which the start depends, until Telegram can be reached and does not refuse it. */
  #retry<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return retryUntilReachable(call, this.#receiving.signal, (error) => {
      const { host } = new URL(this.#config.apiUrl);
      const what = error instanceof TelegramError ? "refuses a call of the start" : "cannot be reached";
      this.#log.warn({ method: error.method, error: error.message }, `the Bot API at ${host} ${what}; trying again`);
    });
  }

  async #openInbox(bot: Entity): Promise<Inbox> {
    const { signal } = this.#receiving;
    const inbox = await this.#parts.openInbox(this.#config, bot, this.#log);
    // Without an assembly the stop did not close it.
    if (signal.aborted) await inbox.close();
    signal.throwIfAborted();
    return inbox;
  }

  /** --rate-limit counts for all servers that share the inbox. */
  #divideCalls(inbox: Inbox): void {
    const { rateLimit: rate } = this.#config;
    if (rate === Number.POSITIVE_INFINITY) return;
    inbox.divide?.({
      rate,
      demand: () => this.#outbox.demand,
      granted: (part) => this.#outbox.restrict(part),
    });
  }

  #assemble(bot: Entity, inbox: Inbox): Assembly {
    return assemble({
      config: this.#config,
      parts: this.#parts,
      bot,
      inbox,
      api: this.#api,
      outbox: this.#outbox,
      threads: this.#threads,
      words: this.#workerLog,
      hide: this.#hide,
      diagnostics: this.#diagnostics,
      log: this.#log,
      onError: (error) => this.#fail(error),
    });
  }

  /** Applies --delete-webhook, --drop-pending and --max-age before the first poll. */
  async #clearTheWay(inbox: Inbox, source: UpdateSource): Promise<void> {
    const { deleteWebhook, dropPending, maxAge } = this.#config;
    if (deleteWebhook) await this.#retry((signal) => this.#api.call("deleteWebhook", {}, signal));
    if (dropPending) await this.#dropPending(inbox, source);
    else if (maxAge !== Number.POSITIVE_INFINITY) {
      this.#log.info({ stored: await inbox.clear(Date.now() - maxAge) }, "dropped updates older than --max-age");
    }
  }

  async #dropPending(inbox: Inbox, source: UpdateSource): Promise<void> {
    const info = await this.#retry((signal) => this.#api.call<WebhookInfo>("getWebhookInfo", {}, signal));
    await this.#retry((signal) => source.skipPending(signal));
    this.#log.info({ stored: await inbox.clear(), waiting: info.pending_update_count }, "dropped pending updates");
  }

  #logStart(bot: Entity, left: number, { pool, kinds }: Assembly): void {
    const { application, inbox, proxy, tokenVariable } = this.#config;
    const workers = pool.status.length;
    const program = pool.program === undefined ? {} : this.#programFields(pool.program, kinds());
    const way = proxy === false ? {} : { proxy: new URL(proxy).host };
    const token = tokenVariable === undefined ? {} : { token: tokenVariable };
    const unsettled = left > 0 ? { unsettled: left } : {};
    this.#log.info(
      {
        bot: `@${bot.username}`,
        ...token,
        application,
        ...program,
        workers,
        inbox: shownInbox(inbox),
        ...way,
        ...unsettled,
      },
      "serving",
    );
  }

  #programFields({ library, untested, started }: ProgramFacts, kinds: readonly string[]): LogFields {
    for (const library of untested)
      this.#log.warn({ library }, "this version of the bot library was not tested with asgigram");
    return { library, started, updates: kinds.length === 0 ? "Telegram's default" : kinds.join(",") };
  }

  // ---- run ----

  /** Receives updates until the server stops. A full inbox makes it wait before the first. */
  async #receive({ updates, source }: Assembly): Promise<void> {
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
    const { inbox, updates, heavy, pool, source } = this.#serving ?? {};
    const none: SourceState = { failures: 0, lastError: undefined, silence: 0, lastSuccess: this.#createdAt };
    return {
      phase: this.#stopped !== undefined ? "stopping" : this.#isServing ? "serving" : "starting",
      source: source?.state ?? none,
      workers: pool?.status ?? [],
      // The new code may have thrown an error with an address or a token in it.
      reloadFailure: pool?.reloadFailure && this.#hide(pool.reloadFailure),
      heavy: heavy?.status ?? [],
      droppedInstances: pool?.dropped ?? { idle: 0, evicted: 0 },
      unsettled: updates?.unsettled ?? 0,
      oldest: updates?.oldest,
      posted: updates?.postedCount ?? 0,
      fullSince: updates?.fullSince,
      holding: updates?.holding,
      sends: this.#outbox,
      share: inbox?.share,
      checkInbox: async () => inbox?.check(),
    };
  }

  // ---- reload, idle, stop ----

  async reload(): Promise<void> {
    this.#log.info("reloading the application");
    await this.#serving?.pool.reload();
  }

  killWorker(worker: number): void {
    if (this.#serving === undefined) throw new WorkerError("the server is not serving");
    this.#serving.pool.kill(worker);
  }

  async idle(): Promise<void> {
    while (this.#unsettled > 0 || this.#outbox.pending > 0) {
      await this.#serving?.updates.idle();
      await this.#outbox.idle();
    }
    await this.#serving?.recorder.end();
  }

  /** @param signal the one that a bot's program gets */
  stop(signal: StopSignal = "SIGTERM"): Promise<void> {
    this.#stopSignal = signal;
    this.#stopped ??= this.#stop().then(this.#closed.resolve, this.#closed.reject);
    return this.#stopped;
  }

  /** Handles a fatal error: the server stops. */
  #fail(error: Error): void {
    if (this.#stopped !== undefined) return;
    this.#failure = error;
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
    const deadline = timeout(shutdownTimeout - Math.min(CLOSING, shutdownTimeout / 4));
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

  async #finish({ inbox, recorder, updates, heavy, pool, source }: Assembly, deadline: AbortSignal): Promise<void> {
    const patience = timeout(this.#parts.patience(this.#config));
    await this.#received;
    // Neither a hanging application nor a database that does not answer may keep the others from being told of the stop.
    const half = timeout(this.#config.shutdownTimeout / 2);
    if (inbox.retire !== undefined) await before(half, inbox.retire());
    // Updates that only memory holds are handled now or never.
    if (!inbox.isDurable && !(await before(patience, updates.idle()))) {
      this.#log.warn({ unsettled: this.#unsettled }, "giving up updates that only memory holds");
    }
    updates.close();
    // The deliveries that have begun are posted.
    await before(half, recorder.end());
    await pool.drain("shutdown", this.#stopSignal);
    // Jobs of instances are over. An instance that is not told of the stop would take a refused job for an error.
    await heavy.drain();
    await recorder.end();
    await this.#outbox.idle();
    if (!this.#isServing) return;
    await source
      .confirm(AbortSignal.any([deadline, AbortSignal.timeout(CONFIRMATION)]))
      .catch(({ method, message }) => this.#log.debug({ method, error: message }, "the last offset was not confirmed"));
  }

  async #release(): Promise<void> {
    const { inbox, recorder, heavy, chatActions, pool } = this.#serving ?? {};
    chatActions?.close();
    this.#outbox.stop();
    const workers = pool === undefined ? this.#threads.destroy() : pool.destroy();
    await Promise.all([workers, heavy?.close(), this.#api.close()]);
    // Before the last record: calls that never went out are not uncertain.
    this.#outbox.close();
    try {
      // A database that does not answer must not keep the process.
      if (recorder !== undefined) await before(AbortSignal.timeout(CLOSING), recorder.end());
    } finally {
      await inbox?.close();
      // The stop may have come while it was about to listen.
      await this.#listening.catch(() => {});
      this.#metrics?.close();
      await this.#statusServer?.close();
    }
  }
}

function shownInbox(inbox: string | false): string | false {
  return isDatabaseAddress(inbox) ? shownAddress(inbox) : inbox;
}

/** AbortSignal.timeout() takes whole milliseconds alone. */
function timeout(ms: number): AbortSignal {
  return AbortSignal.timeout(Math.round(ms));
}

/** @returns true if the work is done before the deadline. @throws the work's error */
async function before(deadline: AbortSignal, work: Promise<void>): Promise<boolean> {
  const late = new Promise<false>((resolve) => {
    if (deadline.aborted) resolve(false);
    deadline.addEventListener("abort", () => resolve(false), { once: true });
  });
  return Promise.race([work.then(() => true), late]);
}
