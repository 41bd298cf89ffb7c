/**
 * The server, assembled. What happens to an update, from top to bottom:
 *
 *   BotApi -> Poller -> Deliveries (Inbox, Dispatcher) -> Workforce (WorkerPool) -> [port] -> the application
 *   BotApi <- Outbox <----------------------------------- Workforce <-------------- [port] <- send()
 *                       Deliveries <--------------------- Workforce <-------------- [port] <- receive() again, return, throw
 *
 * The stages do not know one another; each is given what it needs, here and in deliveries.ts and workforce.ts. It is longer than
 * other files because start, run and stop of all of them are to be read in one place.
 */

import type { WebhookInfo } from "@grammyjs/types";
import type { Config } from "./config/config.ts";
import { parseAddress } from "./config/listen-address.ts";
import { Deliveries } from "./deliveries.ts";
import type { Inbox } from "./inbox/inbox.ts";
import { MemoryInbox } from "./inbox/memory.ts";
import { SqliteInbox } from "./inbox/sqlite.ts";
import { Teller } from "./observe/diagnostics.ts";
import { createLogger, type Logger } from "./observe/logger.ts";
import type { Metrics } from "./observe/metrics.ts";
import { Polls } from "./observe/polls.ts";
import type { Vitals } from "./observe/status.ts";
import type { StatusServer } from "./observe/status-server.ts";
import type { Call } from "./protocol/port.ts";
import type { Entity } from "./protocol/route.ts";
import { secretHider } from "./protocol/secrets.ts";
import { Limiter } from "./sends/limiter.ts";
import { Outbox, type OutboxVerdict } from "./sends/outbox.ts";
import { BotApi } from "./telegram/bot-api.ts";
import { Poller } from "./telegram/poller.ts";
import { judgeCall } from "./telegram/retry.ts";
import { retryUntilReachable } from "./telegram/retry-until-reachable.ts";
import { Workforce } from "./workforce.ts";

export interface RunningServer {
  /** Which server of this process it is, in all that is told of it (observe/channels.ts). */
  readonly id: number;
  /** Resolves when the server has stopped; rejects with the error that stopped it. */
  readonly closed: Promise<void>;
  /** Where /healthz, /readyz and /metrics are: `http://127.0.0.1:8082`; undefined without `listen`. */
  readonly statusUrl: string | undefined;
  /** Resolves when every update received so far is settled, and every call answered. */
  idle(): Promise<void>;
  /**
   * Replaces the workers, one after another, by such that have the application as its files are now; as SIGHUP does. Polling
   * goes on, and no event is lost. Resolves when all have been replaced.
   * @throws ApplicationLoadError | StartupFailedError | WorkerError where one cannot start: those that serve go on
   */
  reload(): Promise<void>;
  /** Ends it as SIGTERM does: finishes what is at hand, leaves the rest in the inbox. Resolves when it is over. */
  stop(): Promise<void>;
}

/**
 * Starts a server. Resolves when polling has begun.
 * @param signal stops it as `stop()` does, also while it starts: then this rejects with the signal's reason
 * @param log a log of its own without
 * @throws TokenRejectedError | ApplicationLoadError | StartupFailedError | InboxError | ListenError
 */
export async function serve(config: Config, signal?: AbortSignal, log = loggerFor(config)): Promise<RunningServer> {
  signal?.throwIfAborted();
  const server = new Server(config, log);
  signal?.addEventListener("abort", () => void server.stop(), { once: true });
  try {
    await server.start();
    return server;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** @param write takes each line, instead of standard error */
export function loggerFor(config: Config, write?: (line: string) => void): Logger {
  return createLogger({ level: config.logLevel, format: config.logFormat, hide: secretHider(config), write });
}

/** How long Telegram may take to confirm the last offset. Unconfirmed updates come again, and the inbox knows them: ms. */
const CONFIRMATION = 2000;

let servers = 0;

class Server implements RunningServer {
  readonly id = ++servers;
  readonly closed: Promise<void>;

  readonly #config: Config;
  readonly #log: Logger;
  readonly #api: BotApi;
  readonly #outbox: Outbox;
  readonly #poller: Poller;
  readonly #workforce: Workforce;
  readonly #tell = new Teller(this.id);
  readonly #polls = new Polls(this.#tell);
  readonly #polling = new AbortController();
  readonly #closed = Promise.withResolvers<void>();
  #inbox: Inbox = new MemoryInbox();
  /** There as soon as the server serves. */
  #deliveries: Deliveries | undefined;
  #newsTimer: NodeJS.Timeout | undefined;
  #statusServer: StatusServer | undefined;
  #metrics: Metrics | undefined;
  #stopped: Promise<void> | undefined;

  constructor(config: Config, log: Logger) {
    this.#config = config;
    this.#log = log;
    this.closed = this.#closed.promise;
    this.closed.catch(() => {});
    const { token, apiUrl, proxy, family, local } = config;
    this.#api = new BotApi({ token, apiUrl, proxy, family, local });
    this.#outbox = new Outbox({
      request: (call) => this.#api.make(call),
      judge: (error, call, attempt) => this.#judge(error, call, attempt),
      limiter: new Limiter(config.rateLimit ? { rate: config.rateLimit } : {}),
    });
    this.#poller = new Poller({
      allowedUpdates: config.allowedUpdates,
      getUpdates: (poll, signal) => this.#polls.watch(this.#api.getUpdates(poll, signal), signal),
      take: (updates) => this.#deliveries!.take(updates),
      stored: () => this.#inbox.sync(),
      room: (signal) => this.#deliveries!.room(signal),
      log: this.#log,
    });
    this.#workforce = new Workforce({
      config,
      outbox: this.#outbox,
      log: this.#log,
      hide: secretHider(config),
      tell: this.#tell,
      onError: (error) => this.#fail(error),
    });
  }

  // ---- start ----

  async start(): Promise<void> {
    try {
      for (const warning of this.#config.warnings) this.#log.warn(warning);
      await this.#listen();
      const getMe = this.#insist((signal) => this.#api.getMe(signal));
      const [me] = await Promise.all([getMe, this.#workforce.start()]);
      const bot = me as unknown as Entity;
      this.#inbox = this.#openInbox(bot.id);
      await this.#clearTheWay();
      this.#resume(bot);
    } catch (error) {
      this.#stopped ??= this.#stop().then(this.#closed.resolve);
      await this.#stopped;
      throw error;
    }
    this.#poller.run(this.#polling.signal).catch((error) => this.#fail(error));
  }

  /** Answers from now on to whoever asks how things are. */
  async #listen(): Promise<void> {
    const { listen } = this.#config;
    if (listen === false) return;
    const [{ StatusServer }, { Metrics }] = await Promise.all([
      import("./observe/status-server.ts"),
      import("./observe/metrics.ts"),
    ]);
    const vitals = () => this.#vitals();
    this.#metrics = new Metrics(this.id, vitals);
    this.#statusServer = await StatusServer.listen({ ...parseAddress(listen), vitals, metrics: this.#metrics });
    this.#log.info({ url: this.statusUrl }, "listening");
  }

  /** Makes a call that the start depends on. */
  #insist<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return retryUntilReachable(call, this.#polling.signal, ({ method, message }) => {
      this.#log.warn({ method, error: message }, "Telegram cannot be reached; trying again");
    });
  }

  #openInbox(bot: number): Inbox {
    const { inbox, deadLetterLimit, deadLetterAge } = this.#config;
    if (inbox !== false) return new SqliteInbox(inbox, bot, { count: deadLetterLimit, age: deadLetterAge * 1000 });
    this.#log.info("no inbox: updates that are not handled when the process dies are lost");
    return new MemoryInbox();
  }

  /** Does away with what stands in the way of a fresh start, as far as that is wanted. */
  async #clearTheWay(): Promise<void> {
    const { deleteWebhook, dropPending, maxAge } = this.#config;
    if (deleteWebhook) await this.#insist((signal) => this.#api.call("deleteWebhook", {}, signal));
    if (dropPending) {
      const info = await this.#insist((signal) => this.#api.call<WebhookInfo>("getWebhookInfo", {}, signal));
      await this.#insist((signal) => this.#poller.skipPending(signal));
      this.#log.info({ stored: this.#inbox.clear(), waiting: info.pending_update_count }, "dropped pending updates");
    } else if (maxAge) {
      this.#log.info({ stored: this.#inbox.clear(Date.now() - maxAge * 1000) }, "dropped updates older than --max-age");
    }
  }

  /** Puts the workers to work; what an earlier process left unsettled goes first. */
  #resume(bot: Entity): void {
    const { application, workers, inbox, proxy, maxAttempts, maxAge } = this.#config;
    this.#deliveries = new Deliveries({
      inbox: this.#inbox,
      bot,
      workers,
      maxAttempts,
      oldest: maxAge ? Date.now() / 1000 - maxAge : 0,
      post: (worker, event) => this.#workforce.post(worker, event),
      logTail: (worker) => this.#workforce.logTail(worker),
      onError: (error) => this.#fail(error),
      log: this.#log,
      tell: this.#tell,
    });
    const left = this.#deliveries.resume();
    this.#workforce.begin(this.#deliveries, bot);
    this.#newsTimer = setInterval(() => this.#lookForNews(), 1000).unref();
    const way = proxy === false ? {} : { proxy: new URL(proxy).host };
    const unsettled = left > 0 ? { unsettled: left } : {};
    this.#log.info({ bot: `@${bot.username}`, application, workers, inbox, ...way, ...unsettled }, "serving");
  }

  #lookForNews(): void {
    try {
      this.#deliveries?.takeNews();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #judge(error: unknown, call: Call, attempt: number): OutboxVerdict {
    const { method } = call;
    const verdict = judgeCall(error, call, attempt);
    if (verdict.action === "again") {
      this.#tell.retrying(method, attempt, verdict.refused ? "refused" : "failed", verdict.after);
    } else if (verdict.action === "redirect") {
      this.#tell.retrying(method, attempt, "moved", 0);
    }
    return verdict;
  }

  // ---- how things are ----

  get statusUrl(): string | undefined {
    return this.#statusServer?.url;
  }

  #vitals(): Vitals {
    return {
      phase: this.#stopped !== undefined ? "stopping" : this.#deliveries === undefined ? "starting" : "serving",
      polls: this.#polls,
      workers: this.#workforce.workers,
      dropped: this.#workforce.dropped,
      unsettled: this.#unsettled,
      oldest: this.#deliveries?.oldest,
      inFlight: this.#deliveries?.inFlight ?? 0,
      isFull: this.#deliveries?.isFull ?? false,
      sends: this.#outbox,
      checkInbox: () => this.#inbox.check(),
    };
  }

  // ---- reload, idle, stop ----

  reload(): Promise<void> {
    this.#log.info("reloading the application");
    return this.#workforce.reload();
  }

  async idle(): Promise<void> {
    while (this.#unsettled > 0 || this.#outbox.pending > 0) {
      await this.#deliveries?.idle();
      await this.#outbox.idle();
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop().then(this.#closed.resolve, this.#closed.reject);
    return this.#stopped;
  }

  /** Something without which there is no going on. */
  #fail(error: Error): void {
    if (this.#stopped !== undefined) return;
    this.#log.fatal({ error: error.message }, "stopping");
    this.#stopped = this.#stop().finally(() => this.#closed.reject(error));
  }

  get #unsettled(): number {
    return this.#deliveries?.unsettled ?? 0;
  }

  async #stop(): Promise<void> {
    const { shutdownTimeout } = this.#config;
    const isServing = this.#deliveries !== undefined;
    if (isServing) this.#log.info("stopping: finishing what is at hand");
    this.#polling.abort();
    clearInterval(this.#newsTimer);
    const deadline = AbortSignal.timeout(shutdownTimeout * 1000);
    const isFinished = await before(deadline, this.#finish(deadline));
    const unsettled = this.#unsettled;
    const calls = this.#outbox.pending;
    if (!isFinished) this.#log.warn({ unsettled, calls }, `not everything was finished within ${shutdownTimeout} s`);
    await this.#release();
    if (isServing) this.#log.info(unsettled > 0 ? { unsettled } : {}, "stopped");
  }

  async #finish(deadline: AbortSignal): Promise<void> {
    // What only memory holds has to be handled now or never.
    if (!this.#inbox.durable) await this.#deliveries?.idle();
    this.#deliveries?.close();
    await this.#workforce.drain("shutdown");
    await this.#outbox.idle();
    await this.#poller
      .confirm(AbortSignal.any([deadline, AbortSignal.timeout(CONFIRMATION)]))
      .catch(({ method, message }) => this.#log.debug({ method, error: message }, "the last offset was not confirmed"));
  }

  async #release(): Promise<void> {
    this.#polling.abort();
    this.#outbox.close();
    await Promise.all([this.#workforce.destroy(), this.#api.close()]);
    try {
      this.#deliveries?.record();
    } finally {
      this.#inbox.close();
      this.#metrics?.close();
      await this.#statusServer?.close();
    }
  }
}

/** Whether the work is done before the deadline. @throws what the work throws */
async function before(deadline: AbortSignal, work: Promise<void>): Promise<boolean> {
  const late = new Promise<false>((resolve) => {
    if (deadline.aborted) resolve(false);
    deadline.addEventListener("abort", () => resolve(false), { once: true });
  });
  return Promise.race([work.then(() => true), late]);
}
