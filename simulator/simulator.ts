/**
 * A local Bot API, and simulated users who talk to the bot: for tests, demos and development, without a token or a
 * network.
 *
 *   await using simulator = await Simulator.start();
 *   const ann = await simulator.user("ann");
 *   await ann.sendText("hello");                 // the bot, polling `simulator.url` with `simulator.token`, gets an update
 *   console.log((await ann.nextMessage()).text); // the bot's answer
 */

import type { Server } from "node:http";
import type { UserFromGetMe } from "@grammyjs/types";
import type { BotWorldOptions } from "./bot-world.ts";
import { ActionError, type ActionName, type Gives, type Takes } from "./clients/actions/actions.ts";
import { ClientSide } from "./clients/client-side.ts";
import { failure } from "./clients/failure.ts";
import type { RunnableBot } from "./clients/running-bots.ts";
import { createServer, listen } from "./http/server.ts";
import type { BotServer } from "./inspector/bot-server.ts";
import { type Recorder, type Recording, writeRecordings } from "./recording/recording.ts";
import type { RecordedCall } from "./state/call-log.ts";
import type { ChatEvent } from "./state/journal.ts";
import { Worlds } from "./worlds.ts";

export interface SimulatorOptions extends BotWorldOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  token?: string;
  /**
   * Keeps a recording of the run: in memory (`recording`), or with a path also in this file, when the simulator closes. With `anyToken` the
   * file has the first bot's run; that of the second is in `run-2.json` beside `run.json`, and so on.
   */
  record?: boolean | string;
  /**
   * Gives each other token a fresh world of its own when it is seen: bots of several tests do not meet. The users of such a world are
   * reached over HTTP (`new SimulatorClient(simulator.url, token)`). Without this, other tokens get 401.
   */
  anyToken?: boolean;
  /** Host names by which browsers may ask, and all who ask for /simulator, beside localhost and IP addresses. Bots may use any name. */
  allowHosts?: readonly string[];
}

const LOOPBACK = "127.0.0.1";

/** Milliseconds: a bot that loads a model or many packages may take seconds, all the more on a busy machine. */
const LONGEST_START = 30_000;

const TOKEN = "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qcS";

export class Simulator extends ClientSide implements AsyncDisposable {
  readonly token: string;
  readonly #worlds: Worlds;
  readonly #server: Server;
  readonly #recorder: Recorder | undefined;
  readonly #recordingPath: string | undefined;
  #url = "";

  private constructor(options: SimulatorOptions) {
    super();
    const { token = TOKEN, host = LOOPBACK, allowHosts = [], record = false } = options;
    this.token = token;
    this.#worlds = new Worlds({ ...options, token, url: () => this.#url, isRecorded: record !== false });
    this.#recorder = this.#worlds.recorders[0];
    this.#recordingPath = typeof record === "string" ? record : undefined;
    this.#server = createServer({ worlds: this.#worlds, hosts: [host, ...allowHosts] });
  }

  static async start(options: SimulatorOptions = {}): Promise<Simulator> {
    const simulator = new Simulator(options);
    simulator.#url = await listen(simulator.#server, options.host ?? LOOPBACK, options.port ?? 0);
    return simulator;
  }

  /** The URL to give to a bot as its Bot API server: `http://127.0.0.1:40123`. */
  get url(): string {
    return this.#url;
  }

  /** The result of getMe. */
  get bot(): UserFromGetMe {
    return this.#worlds.own.bot;
  }

  /** Updates that no offset has confirmed yet. */
  get pending(): number {
    return this.#worlds.own.queue.pending;
  }

  /** The calls of the Bot API up to now. */
  get calls(): readonly RecordedCall[] {
    return this.#worlds.own.calls.calls;
  }

  /** Shows the server that runs the bot to the page, which may kill and reload it. */
  attach(server: BotServer): void {
    this.#worlds.own.attach(server);
  }

  /** The title of a group, or the name of a private chat's user. */
  titleOf(chat_id: number): string {
    return this.#worlds.own.titleOf(chat_id);
  }

  /** The run up to now. @throws ActionError without the option `record` */
  get recording(): Recording {
    if (this.#recorder === undefined) throw new ActionError("there is no recording without the option `record`");
    return this.#recorder.recording;
  }

  /** Sets the id of the next update, as Telegram does after a quiet week. The queue must be empty. */
  restartIds(at: number): void {
    this.#worlds.own.queue.restartIds(at);
  }

  /** Calls `observer` for every event in any chat, until the returned function is called. */
  observe(observer: (event: ChatEvent) => void): () => void {
    return this.#worlds.own.journal.observe(observer);
  }

  /** Calls `observer` for every call of the bot, before it is carried out, until the returned function is called. */
  observeCalls(observer: (call: RecordedCall) => void): () => void {
    return this.#worlds.own.calls.observe(observer);
  }

  /**
   * Starts a bot, which is stopped when the simulator closes. Resolves when the bot asks for updates.
   * @param options.timeout milliseconds; default 30,000
   * @throws the error of its start, or an AssertionError at the timeout
   */
  async run(
    bot: RunnableBot | Promise<RunnableBot>,
    { timeout = LONGEST_START }: { timeout?: number } = {},
  ): Promise<void> {
    const { bots, activity } = this.#worlds.own;
    if (await bots.run(bot, activity.asks(), timeout)) return;
    throw await failure(this.perform, `the bot has not asked for updates within ${timeout} ms`);
  }

  readonly perform = <A extends ActionName>(name: A, takes: Takes<A>): Promise<Gives<A>> =>
    this.#worlds.own.perform(name, takes);

  /**
   * Ends all faults, stops the bots, then the server, and closes the connections of waiting calls.
   * @throws the error by which a bot has ended, unless an expectation had it
   */
  async close(): Promise<void> {
    const { bots } = this.#worlds.own;
    for (const { faults } of this.#worlds.all) faults.close();
    await bots.stop();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    this.#worlds.close();
    await closed;
    if (this.#recordingPath !== undefined) await writeRecordings(this.#recordingPath, this.#worlds.recorders);
    bots.throwIfUntold();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
