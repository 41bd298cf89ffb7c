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
import type { Update } from "@grammyjs/types";
import type { Config } from "./config/config.ts";
import { type Arrival, Dispatcher } from "./dispatch/dispatcher.ts";
import { type WorkerLife, WorkerPool } from "./dispatch/pool.ts";
import type { Inbox } from "./inbox/inbox.ts";
import { MemoryInbox } from "./inbox/memory.ts";
import { SqliteInbox } from "./inbox/sqlite.ts";
import { applicationLogger, createLogger, type Logger } from "./observe/logger.ts";
import { Outbox } from "./outbox/outbox.ts";
import { failureOf } from "./protocol/failure.ts";
import type { ToMain } from "./protocol/port.ts";
import { type Entity, kindOf, routeOf, type TelegramObject } from "./protocol/route.ts";
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
 * @throws TokenRejectedError | ApplicationLoadError | StartupFailedError | InboxError
 */
export async function serve(config: Config): Promise<RunningServer> {
  const server = new Server(config);
  await server.start();
  return server;
}

class Server implements RunningServer {
  readonly closed: Promise<void>;

  readonly #config: Config;
  readonly #log: Logger;
  readonly #applicationLog: Logger;
  readonly #api: BotApi;
  readonly #dispatcher: Dispatcher;
  readonly #pool: WorkerPool;
  readonly #outbox: Outbox;
  readonly #poller: Poller;
  readonly #lives = new Map<number, WorkerLife>();
  readonly #polling = new AbortController();
  readonly #closed = Promise.withResolvers<void>();
  #inbox: Inbox = new MemoryInbox();
  /** Known as soon as the server serves. */
  #bot: Entity | undefined;
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
    this.#dispatcher = new Dispatcher({
      shards: config.workers,
      post: (shard, event) => {
        const life = this.#lives.get(shard)!;
        if (life.last?.type === "events") life.last.events.push(event);
        else life.push({ type: "events", events: [event] });
      },
    });
    this.#poller = new Poller({
      allowedUpdates: config.allowedUpdates,
      getUpdates: (poll, signal) => this.#api.getUpdates(poll, signal),
      take: (updates) => this.#take(updates),
      room: (signal) => this.#dispatcher.room(signal),
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
      pause: (deaths) => (deaths === 1 ? 0 : backoff(deaths, 10_000)),
      onReady: (worker, life) => this.#welcome(worker, life),
      onMessage: (worker, life, item) => this.#hear(worker, life, item),
      onGone: (worker, error) => this.#lost(worker, error),
    });
  }

  // ---- start ----

  async start(): Promise<void> {
    try {
      for (const warning of this.#config.warnings) this.#log.warn(warning);
      const [bot] = await Promise.all([this.#introduce(), this.#pool.start()]);
      this.#inbox = this.#openInbox(bot.id);
      await this.#prepare();
      this.#resume(bot);
    } catch (error) {
      await this.#release();
      throw error;
    }
    this.#poller.run(this.#polling.signal).catch((error) => this.#fail(error));
  }

  /** Asks Telegram who we are, for as long as it cannot be reached. */
  async #introduce(): Promise<Entity> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.#api.getMe(this.#polling.signal)) as unknown as Entity;
      } catch (error) {
        const verdict = judgeStart(error, attempt);
        if (verdict.action === "stop") throw verdict.error;
        if (this.#polling.signal.aborted) throw error;
        this.#log.warn({ error: (error as Error).message }, "Telegram cannot be reached; trying again");
        await delay(verdict.after, undefined, { signal: this.#polling.signal });
      }
    }
  }

  #openInbox(bot: number): Inbox {
    if (this.#config.inbox !== false) return new SqliteInbox(this.#config.inbox, bot);
    this.#log.info("no inbox: updates that are not handled when the process dies are lost");
    return new MemoryInbox();
  }

  async #prepare(): Promise<void> {
    const { deleteWebhook, dropPending } = this.#config;
    if (deleteWebhook) await this.#api.call("deleteWebhook");
    if (dropPending) {
      const stored = this.#inbox.clear();
      const waiting = await this.#poller.skipPending(this.#polling.signal);
      this.#log.info({ stored, waiting }, "dropped pending updates");
    }
  }

  /** Opens the way to the workers; what an earlier process left unsettled goes first. */
  #resume(bot: Entity): void {
    this.#bot = bot;
    const left = this.#inbox.unsettled();
    for (const { seq, attempts, body } of left) this.#accept(JSON.parse(body), { seq, attempts, body });
    for (const [worker, life] of this.#lives) this.#welcome(worker, life);
    const { application, workers, inbox } = this.#config;
    const unsettled = left.length > 0 ? { unsettled: left.length } : {};
    this.#log.info({ bot: `@${bot.username}`, application, workers, inbox, ...unsettled }, "serving");
  }

  /** A worker is ready, now or long after the start; it gets its events as soon as we know who we are. */
  #welcome(worker: number, life: WorkerLife): void {
    this.#lives.set(worker, life);
    if (this.#bot === undefined) return;
    life.push({ type: "bot", bot: this.#bot });
    this.#dispatcher.resume(worker);
  }

  // ---- from Telegram to the workers ----

  #take(updates: Update[]): void {
    const arrived = updates.map((update) => ({ update_id: update.update_id, body: JSON.stringify(update) }));
    const seqs = this.#inbox.append(arrived);
    for (const [i, seq] of seqs.entries()) {
      if (seq === undefined) this.#log.debug({ update_id: updates[i]!.update_id }, "seen before");
      else this.#accept(updates[i] as unknown as TelegramObject, { seq, attempts: 0, body: arrived[i]!.body });
    }
  }

  #accept(update: TelegramObject, entry: Pick<Arrival, "seq" | "attempts" | "body">): void {
    const kind = kindOf(update);
    const payload = kind === undefined ? undefined : update[kind];
    if (kind === undefined || typeof payload !== "object" || payload === null) {
      this.#log.error({ update_id: update.update_id }, "an update without a payload is now a dead letter");
      this.#inbox.bury(entry.seq, "the update has no payload");
      return;
    }
    const { key, id } = routeOf(kind, payload as TelegramObject, this.#bot!);
    this.#dispatcher.accept({ ...entry, scope: key, id });
  }

  // ---- from the workers ----

  #hear(worker: number, life: WorkerLife, item: ToMain): void {
    try {
      this.#handle(worker, life, item);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #handle(worker: number, life: WorkerLife, item: ToMain): void {
    switch (item.type) {
      case "call":
        return this.#outbox.post({
          call: item.call,
          succeeded: (body) => life.push({ type: "result", id: item.id, body }),
          failed: (error) => {
            this.#log.info({ worker, lane: item.call.lane, error: (error as Error).message }, "a call failed");
            life.push({ type: "failure", id: item.id, error: failureOf(error, item.call.method) });
          },
        });
      case "settled":
        this.#inbox.settle(item.seqs);
        return this.#dispatcher.settled(worker, item.seqs);
      case "failed":
        this.#log.error(
          { worker, scope: item.scope, seq: item.seq, error: item.error },
          "the application threw; the event is now a dead letter",
        );
        this.#inbox.bury(item.seq, item.error);
        return this.#dispatcher.settled(worker, [item.seq]);
      case "crash":
        this.#log.error({ worker, scope: item.scope, error: item.error }, `${item.message}; the worker is replaced`);
        return;
      case "log":
        this.#log[item.level]({ worker, scope: item.scope, error: item.error }, item.message);
        return;
      case "output":
        this.#applicationLog[item.stream === "stdout" ? "info" : "warn"]({ worker, scope: item.scope }, item.text);
    }
  }

  #lost(worker: number, error: Error): void {
    this.#lives.delete(worker);
    this.#dispatcher.suspend(worker);
    this.#log.error({ worker, error: error.message }, "a worker is gone; its unsettled events go to its replacement");
  }

  // ---- idle, stop ----

  async idle(): Promise<void> {
    while (this.#dispatcher.unsettled > 0 || this.#outbox.pending > 0) {
      await this.#dispatcher.idle();
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

  async #stop(): Promise<void> {
    const { shutdownTimeout } = this.#config;
    this.#log.info("stopping: finishing what is at hand");
    this.#polling.abort();
    const deadline = AbortSignal.timeout(shutdownTimeout * 1000);
    const inTime = await before(deadline, this.#finish(deadline));
    const unsettled = this.#dispatcher.unsettled;
    if (!inTime)
      this.#log.warn(
        { unsettled, calls: this.#outbox.pending },
        `not everything was finished within ${shutdownTimeout} s`,
      );
    await this.#release();
    this.#log.info({ ...(unsettled > 0 && { unsettled }) }, "stopped");
  }

  async #finish(deadline: AbortSignal): Promise<void> {
    // What only memory holds has to be handled now or never.
    if (!this.#inbox.durable) await this.#dispatcher.idle();
    this.#dispatcher.close();
    await this.#pool.drain("shutdown");
    await this.#outbox.idle();
    await this.#poller
      .confirm(deadline)
      .catch((error) => this.#log.debug({ error: error.message }, "the last offset was not confirmed"));
  }

  async #release(): Promise<void> {
    this.#polling.abort();
    this.#outbox.close();
    await Promise.all([this.#pool.destroy(), this.#api.close()]);
    this.#inbox.close();
  }
}

/** Whether the work is done before the deadline. */
async function before(deadline: AbortSignal, work: Promise<void>): Promise<boolean> {
  const late = new Promise<false>((resolve) => {
    if (deadline.aborted) resolve(false);
    deadline.addEventListener("abort", () => resolve(false), { once: true });
  });
  return Promise.race([work.then(() => true), late]);
}
