/**
 * The server, assembled. What happens to an update, from top to bottom:
 *
 *   BotApi -> Poller -> Inbox (append) -> Dispatcher -> WorkerPool -> [MessagePort] -> the application
 *   BotApi <- Outbox <---------------------------------- WorkerPool <- [MessagePort] <- send()
 *                       Inbox (settle) <- Dispatcher <-- WorkerPool <- [MessagePort] <- receive() again, return or throw
 *
 * The stages do not know one another; each is given here what it needs.
 */

import { setTimeout as delay } from "node:timers/promises";
import type { WebhookInfo } from "@grammyjs/types";
import type { Config } from "./config/config.ts";
import { Deliveries } from "./deliveries.ts";
import { type WorkerLife, WorkerPool } from "./dispatch/pool.ts";
import type { Inbox } from "./inbox/inbox.ts";
import { MemoryInbox } from "./inbox/memory.ts";
import { SqliteInbox } from "./inbox/sqlite.ts";
import { LogTail } from "./observe/log-tail.ts";
import { applicationLogger, createLogger, type Logger } from "./observe/logger.ts";
import { Outbox } from "./outbox/outbox.ts";
import { failureOf } from "./protocol/failure.ts";
import type { Call, EventItem, ToMain } from "./protocol/port.ts";
import type { Entity } from "./protocol/route.ts";
import { BotApi } from "./telegram/bot-api.ts";
import { Poller } from "./telegram/poller.ts";
import { backoff, judgeCall, judgeStart } from "./telegram/retry.ts";

export interface RunningServer {
  /** Resolves when the server has stopped; rejects with the error that stopped it. */
  readonly closed: Promise<void>;
  /** Resolves when every update received so far is settled, and every call answered. */
  idle(): Promise<void>;
  /** Ends it as SIGTERM does: finishes what is at hand, leaves the rest in the inbox. Resolves when it is over. */
  stop(): Promise<void>;
}

/**
 * Starts a server. Resolves when polling has begun.
 * @param signal stops it as `stop()` does, also while it starts: then this rejects with the signal's reason
 * @throws TokenRejectedError | ApplicationLoadError | StartupFailedError | InboxError
 */
export async function serve(config: Config, signal?: AbortSignal): Promise<RunningServer> {
  signal?.throwIfAborted();
  const server = new Server(config);
  signal?.addEventListener("abort", () => void server.stop(), { once: true });
  try {
    await server.start();
    return server;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

class Server implements RunningServer {
  readonly closed: Promise<void>;

  readonly #config: Config;
  readonly #log: Logger;
  readonly #applicationLog: Logger;
  readonly #tail = new LogTail();
  readonly #api: BotApi;
  readonly #pool: WorkerPool;
  readonly #outbox: Outbox;
  readonly #poller: Poller;
  /** The workers that are ready, and the event that each was at when it reported its own death. */
  readonly #lives = new Map<number, WorkerLife>();
  readonly #culprits = new Map<number, number | undefined>();
  readonly #polling = new AbortController();
  readonly #closed = Promise.withResolvers<void>();
  #inbox: Inbox = new MemoryInbox();
  /** There as soon as the server serves. */
  #deliveries: Deliveries | undefined;
  #bot: Entity = { id: 0 };
  #newsTimer: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  constructor(config: Config) {
    this.#config = config;
    this.closed = this.#closed.promise;
    this.closed.catch(() => {});
    this.#log = createLogger({ level: config.logLevel, format: config.logFormat });
    this.#applicationLog = applicationLogger(this.#log);
    this.#api = new BotApi({ token: config.token, apiUrl: config.apiUrl });
    this.#outbox = new Outbox({
      request: ({ method, body }) => this.#api.callText(method, body),
      judge: judgeCall,
    });
    this.#poller = new Poller({
      allowedUpdates: config.allowedUpdates,
      getUpdates: (poll, signal) => this.#api.getUpdates(poll, signal),
      take: (updates) => this.#deliveries!.take(updates),
      room: (signal) => this.#deliveries!.room(signal),
      log: this.#log,
    });
    this.#pool = new WorkerPool({
      workers: config.workers,
      task: {
        application: config.application,
        directory: config.directory,
        interface: config.interface,
        lifespan: config.lifespan,
        maxInstances: config.maxApplications
          ? Math.max(1, Math.floor(config.maxApplications / config.workers))
          : Infinity,
        idleTimeout: config.idleTimeout ? config.idleTimeout * 1000 : Infinity,
      },
      memory: config.workerMemory || undefined,
      stallTimeout: config.stallTimeout ? config.stallTimeout * 1000 : undefined,
      pause: (deaths) => (deaths === 1 ? 0 : backoff(deaths, 10_000)),
      beforePost: () => this.#guard(() => this.#deliveries?.record()),
      onReady: (worker, life) => this.#welcome(worker, life),
      onMessage: (worker, life, item) => this.#guard(() => this.#hear(worker, life, item)),
      onGone: (worker, error) => this.#guard(() => this.#lost(worker, error)),
      onStalled: (worker, silence, seq) => this.#reportStall(worker, silence, seq),
    });
  }

  // ---- start ----

  async start(): Promise<void> {
    try {
      for (const warning of this.#config.warnings) this.#log.warn(warning);
      const getMe = this.#insist((signal) => this.#api.getMe(signal));
      const [bot] = await Promise.all([getMe, this.#pool.start()]);
      this.#bot = bot as unknown as Entity;
      this.#inbox = this.#openInbox();
      await this.#prepare();
      this.#resume();
    } catch (error) {
      this.#stopped ??= this.#stop().then(this.#closed.resolve);
      await this.#stopped;
      throw error;
    }
    this.#poller.run(this.#polling.signal).catch((error) => this.#fail(error));
  }

  /** Makes a call that the start depends on, for as long as Telegram cannot be reached. */
  async #insist<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.#polling;
    for (let attempt = 1; ; attempt++) {
      try {
        return await call(signal);
      } catch (error) {
        const verdict = judgeStart(error, attempt);
        if (verdict.action === "stop") throw verdict.error;
        signal.throwIfAborted();
        this.#log.warn({ error: (error as Error).message }, "Telegram cannot be reached; trying again");
        await delay(verdict.after, undefined, { signal });
      }
    }
  }

  #openInbox(): Inbox {
    const { inbox, deadLetterLimit, deadLetterAge } = this.#config;
    if (inbox !== false)
      return new SqliteInbox(inbox, this.#bot.id, { count: deadLetterLimit, age: deadLetterAge * 1000 });
    this.#log.info("no inbox: updates that are not handled when the process dies are lost");
    return new MemoryInbox();
  }

  /** Does away with what stands in the way of a fresh start, as far as that is wanted. */
  async #prepare(): Promise<void> {
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

  /** Opens the way to the workers; what an earlier process left unsettled goes first. */
  #resume(): void {
    const { application, workers, inbox, maxAttempts, maxAge } = this.#config;
    this.#deliveries = new Deliveries({
      inbox: this.#inbox,
      bot: this.#bot,
      workers,
      maxAttempts,
      oldest: maxAge ? Date.now() / 1000 - maxAge : 0,
      post: (worker, event) => this.#post(worker, event),
      logTail: (worker) => this.#tail.of(worker),
      onError: (error) => this.#fail(error),
      log: this.#log,
    });
    const left = this.#deliveries.resume();
    for (const [worker, life] of this.#lives) this.#welcome(worker, life);
    this.#newsTimer = setInterval(() => this.#guard(() => this.#deliveries?.takeNews()), 1000).unref();
    const unsettled = left > 0 ? { unsettled: left } : {};
    this.#log.info({ bot: `@${this.#bot.username}`, application, workers, inbox, ...unsettled }, "serving");
  }

  // ---- to the workers ----

  /** A worker is ready, now or long after the start; it gets its events as soon as we know who we are. */
  #welcome(worker: number, life: WorkerLife): void {
    this.#lives.set(worker, life);
    if (this.#deliveries === undefined) return;
    life.push({ type: "bot", bot: this.#bot });
    this.#deliveries.workerReady(worker);
  }

  #post(worker: number, event: EventItem): void {
    const life = this.#lives.get(worker)!;
    if (life.last?.type === "events") life.last.events.push(event);
    else life.push({ type: "events", events: [event] });
  }

  // ---- from the workers ----

  #hear(worker: number, life: WorkerLife, item: ToMain): void {
    switch (item.type) {
      case "call":
        return this.#call(worker, life, item.id, item.call);
      case "settled":
        return this.#deliveries?.settled(worker, item.seqs);
      case "failed":
        this.#tail.add(worker, item.error);
        this.#log.error(
          { worker, scope: item.scope, error: item.error },
          "the application threw; the event is now a dead letter",
        );
        return this.#deliveries?.failed(worker, item.seq, item.error);
      case "crash":
        this.#culprits.set(worker, item.seq);
        this.#tail.add(worker, `${item.message}: ${item.error}`);
        return this.#log.error(
          { worker, scope: item.scope, error: item.error },
          `${item.message}; the worker is replaced`,
        );
      case "log":
        this.#tail.add(worker, item.message);
        return this.#log[item.level]({ worker, scope: item.scope, error: item.error }, item.message);
      case "output":
        this.#tail.add(worker, item.text);
        return this.#applicationLog[item.stream === "stdout" ? "info" : "warn"](
          { worker, scope: item.scope },
          item.text,
        );
    }
  }

  /** The answer goes to the life that asked: where that is over, nobody waits for it any more. */
  #call(worker: number, life: WorkerLife, id: number, call: Call): void {
    this.#outbox.post({
      call,
      succeeded: (body) => life.push({ type: "result", id, body }),
      failed: (error) => {
        this.#log.info(
          { worker, method: call.method, lane: call.lane, error: (error as Error).message },
          "a call failed",
        );
        life.push({ type: "failure", id, error: failureOf(error, call.method) });
      },
    });
  }

  #lost(worker: number, error: Error): void {
    this.#tail.add(worker, error.message);
    this.#log.error({ worker, error: error.message }, "a worker is gone; its unsettled events go to its replacement");
    const culprit = this.#culprits.get(worker);
    this.#culprits.delete(worker);
    this.#lives.delete(worker);
    this.#deliveries?.workerGone(worker, culprit);
  }

  #reportStall(worker: number, silence: number, seq: number): void {
    const at = this.#deliveries?.posted(worker, seq);
    const update_id = at && (JSON.parse(at.body) as { update_id: number }).update_id;
    const message = `a worker is stalled: its event loop has not turned for ${Math.round(silence / 1000)} s`;
    this.#log.warn({ worker, scope: at?.scope, update_id, stalled: true }, message);
  }

  // ---- idle, stop ----

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

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(error as Error);
    }
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
    await this.#pool.drain("shutdown");
    await this.#outbox.idle();
    this.#deliveries?.withdraw();
    await this.#poller
      .confirm(deadline)
      .catch((error) => this.#log.debug({ error: error.message }, "the last offset was not confirmed"));
  }

  async #release(): Promise<void> {
    this.#polling.abort();
    this.#outbox.close();
    await Promise.all([this.#pool.destroy(), this.#api.close()]);
    try {
      this.#deliveries?.record();
    } finally {
      this.#inbox.close();
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
