/** Keeps a server running on one inbox: starts it, kills it, stops it as Docker does, and notices if it ends by itself. */

import { setTimeout as delay } from "node:timers/promises";
import { type FaultyApi, POLLS } from "../faults/faulty-api.ts";
import { BotProcess, type ChaosFiles } from "./bot-process.ts";

export interface KeeperOptions {
  api: FaultyApi;
  inbox: string;
  files: ChaosFiles;
  /** Open file for the server's output. */
  log: number;
  /** Takes a broken promise. */
  complain(fault: string): void;
}

/** A restart of a server. */
export interface Restart {
  /** Pause before it, in ms. */
  down: number;
  /** Options of the command. */
  options: readonly string[];
}

/** Most unexpected ends: after them, the server is not started again. */
const MOST_COLLAPSES = 5;
/** Longest stop, in ms: Docker waits for 10 s. */
const STOP = 10_000;
const TICK = 50;

export class Keeper {
  kills = 0;
  stops = 0;
  reloads = 0;
  readonly #options: KeeperOptions;
  #process: BotProcess;
  #collapses = 0;
  /** True after a signal that ends the process. */
  #isExpectedToEnd = false;

  /** Starts the server. */
  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#process = this.#start();
  }

  /** True if the server has ended by itself too often. */
  get isHopeless(): boolean {
    return this.#collapses >= MOST_COLLAPSES;
  }

  /** True if the server has polled since its last start. */
  get hasPolled(): boolean {
    return this.#options.api.visits(POLLS).some(({ at }) => at > this.#process.started);
  }

  async kill(restart: Restart): Promise<void> {
    this.kills += 1;
    this.#isExpectedToEnd = true;
    this.#process.signal("SIGKILL");
    await this.#process.ended;
    await this.#restart(restart);
  }

  async stop(restart: Restart): Promise<void> {
    this.stops += 1;
    await this.end();
    await this.#restart(restart);
  }

  reload(): void {
    // Before it listens to signals, SIGHUP would end it.
    if (!this.hasPolled || this.#process.isOver) return;
    this.reloads += 1;
    this.#process.signal("SIGHUP");
  }

  stallLog(milliseconds: number): void {
    this.#process.stallLog(milliseconds);
  }

  async stopAndKill(after: number, restart: Restart): Promise<void> {
    this.#isExpectedToEnd = true;
    this.#process.signal("SIGTERM");
    await delay(after);
    await this.kill(restart);
  }

  /** Stops the server with SIGTERM, and checks the exit code. */
  async end(): Promise<void> {
    const { api, complain } = this.#options;
    this.#isExpectedToEnd = true;
    this.#process.signal("SIGTERM");
    // Counted in ticks: a busy machine makes each of them longer, and the server slower.
    for (let waited = 0; waited < STOP && !this.#process.isOver; waited += TICK) await delay(TICK);
    if (!this.#process.isOver) {
      complain(`SIGTERM had no effect for ${STOP} ms`);
      return this.close();
    }
    const end = await this.#process.ended;
    // Before its first call of the Bot API it may not listen to signals yet.
    const isTooYoung = !api.visits().some(({ at }) => at > this.#process.started);
    if (end.code !== 0 && !isTooYoung) complain(`SIGTERM ended it with ${JSON.stringify(end)}`);
  }

  /** Starts the server on the same inbox. */
  startOnceMore(): void {
    this.#process = this.#start();
  }

  /** Kills the server, if it runs. */
  async close(): Promise<void> {
    this.#isExpectedToEnd = true;
    if (!this.#process.isOver) this.#process.signal("SIGKILL");
    await this.#process.ended;
  }

  async #restart({ down, options }: Restart): Promise<void> {
    await delay(down);
    this.#process = this.#start(options);
  }

  #start(options: readonly string[] = ["--workers", "2"]): BotProcess {
    const { api, inbox, files, log, complain } = this.#options;
    this.#isExpectedToEnd = false;
    const started = new BotProcess({ token: api.token, apiUrl: api.url, inbox, files, options, log });
    void started.ended.then((end) => {
      if (started !== this.#process || this.#isExpectedToEnd) return;
      complain(`the process ended by itself: ${JSON.stringify(end)}`);
      this.#collapses += 1;
      if (!this.isHopeless) this.#process = this.#start(options);
    });
    return started;
  }
}
