/**
 * The bots that a test runs in its own process:
 *
 *   starting --> running -- stop() -----> stopped
 *       |           '--- by an error ---> failed: waiting expectations fail with the error, or else the end of the simulator does
 *       |-- by an error, run() rejects -> failed
 *       '-- after the time limit -------> stopped, and run() rejects
 */

import { within } from "../state/within.ts";
import { ActionError, DEFAULT_TIMEOUT } from "./actions/actions.ts";

/** A bot of any library, by the methods that start and stop it; one that runs already; or a function that runs one until the signal. */
export type RunnableBot =
  /** grammY, GramIO */
  | { start(): unknown; stop(): unknown }
  /** Telegraf */
  | { launch(): unknown; stop(): unknown }
  /** node-telegram-bot-api */
  | { startPolling(): unknown; stopPolling(): unknown }
  /** It runs already: a server of asgigram's `serve()`. */
  | Started
  | ((signal: AbortSignal) => unknown);

interface Started {
  stop(): unknown;
  /** Resolves when it has nothing to do. */
  idle?(): Promise<unknown>;
  /** Rejects with the error that ends it. */
  readonly closed?: Promise<unknown>;
}

interface Running {
  /** It ran already when it was given: nobody waits until it asks for updates. */
  readonly isStarted?: true;
  stop(): unknown;
  /** Rejects with the error that ends the bot. */
  readonly ended: Promise<unknown>;
  idle?(): unknown;
}

export class RunningBots {
  readonly #running = new Set<Running>();
  #failing = new AbortController();
  #isTold = false;

  /** Aborted by a bot's error. */
  get failure(): AbortSignal {
    return this.#failing.signal;
  }

  /**
   * Starts a bot.
   * @param asked resolves when a bot asks for updates
   * @returns false if none has asked within `timeout` ms: the bot is stopped then
   */
  async run(given: RunnableBot | Promise<RunnableBot>, asked: Promise<void>, timeout: number): Promise<boolean> {
    const starting = Promise.resolve(given).then((bot) => this.#start(bot));
    const ready = starting.then((running) => (running.isStarted ? undefined : this.#unlessFailed(asked)));
    if (await within(timeout, ready)) return true;
    // It may be given later, and its start and its stop may never end.
    void starting.then((running) => this.#running.delete(running) && running.stop()).catch(() => {});
    return false;
  }

  #start(bot: RunnableBot): Running {
    this.#failing = new AbortController();
    const running = start(bot);
    this.#running.add(running);
    running.ended.catch((error) => this.#failed(running, error));
    return running;
  }

  /** Like the promise, but rejects with the error by which a bot ends meanwhile. */
  async #unlessFailed(work: Promise<unknown>): Promise<unknown> {
    const { failure } = this;
    const failed = Promise.withResolvers<never>();
    const fail = () => failed.reject(this.#tell(failure.reason));
    if (failure.aborted) fail();
    failure.addEventListener("abort", fail, { once: true });
    return await Promise.race([work, failed.promise]).finally(() => failure.removeEventListener("abort", fail));
  }

  /** @returns true when the bots that can tell say that they are idle, false after `timeout` ms @throws the error by which a bot ends */
  async idle(timeout: number): Promise<boolean> {
    const all = Promise.all([...this.#running].map((running) => running.idle?.()));
    return await within(timeout, this.#unlessFailed(all));
  }

  /** @throws the error by which a bot has ended */
  throwIfFailed(): void {
    if (this.failure.aborted) throw this.#tell(this.failure.reason);
  }

  /** Stops all bots. */
  async stop(): Promise<void> {
    const all = [...this.#running];
    this.#running.clear();
    // A bot that has ended by itself may refuse to be stopped.
    await Promise.allSettled(all.map(async (running) => await running.stop()));
    // One whose handler hangs does not end.
    await within(DEFAULT_TIMEOUT, Promise.allSettled(all.map(({ ended }) => ended)));
  }

  /** @throws the error by which a bot has ended, unless an expectation had it */
  throwIfUntold(): void {
    if (!this.#isTold) this.throwIfFailed();
  }

  #failed(running: Running, cause: unknown): void {
    // A bot that is being stopped may end as it likes.
    if (!this.#running.delete(running)) return;
    this.#isTold = false;
    this.#failing.abort(
      new ActionError(`the bot has ended: ${cause instanceof Error ? cause : String(cause)}`, { cause }),
    );
  }

  #tell(error: Error): Error {
    this.#isTold = true;
    return error;
  }
}

/** A server may have methods that start it, too: it is known by its end. */
const isStarted = (bot: RunnableBot): bot is Started =>
  typeof bot === "object" && ("closed" in bot || !("start" in bot || "launch" in bot || "startPolling" in bot));

function start(bot: RunnableBot): Running {
  if (typeof bot === "function") {
    const ending = new AbortController();
    return { stop: () => ending.abort(), ended: begun(() => bot(ending.signal)) };
  }
  if (isStarted(bot)) {
    const ended = bot.closed ?? Promise.resolve();
    return { isStarted: true, stop: () => bot.stop(), ended, idle: () => bot.idle?.() };
  }
  if ("launch" in bot) return { stop: () => bot.stop(), ended: begun(() => bot.launch()) };
  if ("startPolling" in bot) return { stop: () => bot.stopPolling(), ended: begun(() => bot.startPolling()) };
  return { stop: () => bot.stop(), ended: begun(() => bot.start()) };
}

/** Some starts settle when the bot polls, others when it has ended: only their errors count. */
const begun = async (start: () => unknown) => await start();
