/**
 * A local Bot API, and simulated users who talk to the bot: for tests, demos and development, without a token or a
 * network.
 *
 *   await using simulator = await Simulator.start();
 *   const ann = await simulator.user("ann");
 *   await ann.sendText("hello");                 // the bot, polling `simulator.url` with `simulator.token`, gets an update
 *   console.log((await ann.nextMessage()).text); // the bot's answer
 */

import type { UserFromGetMe } from "@grammyjs/types";
import type { ServerType } from "@hono/node-server";
import { BotApi } from "./api/bot-api.ts";
import { Limits } from "./api/limits.ts";
import { LocalServer } from "./api/local-server.ts";
import { LongPoll } from "./api/long-poll.ts";
import { ActionContext, type ActionHandlers } from "./clients/action-context.ts";
import { ActionError, type ActionName, type Gives, type Takes } from "./clients/actions/actions.ts";
import { businessActions } from "./clients/actions/business.ts";
import { faultActions } from "./clients/actions/faults.ts";
import { fileActions } from "./clients/actions/files.ts";
import { inlineActions } from "./clients/actions/inline.ts";
import { memberActions } from "./clients/actions/members.ts";
import { messageActions } from "./clients/actions/messages.ts";
import { paymentActions } from "./clients/actions/payments.ts";
import { testControlActions } from "./clients/actions/test-control.ts";
import { watchingActions } from "./clients/actions/watching.ts";
import { BotActivity } from "./clients/bot-activity.ts";
import { ClientSide } from "./clients/client-side.ts";
import { type RunnableBot, RunningBots } from "./clients/running-bots.ts";
import { Faults } from "./faults.ts";
import { clientRoutes } from "./http/clients.ts";
import { createServer, type Intercept, listen } from "./http/server.ts";
import { Recorder, type Recording, writeRecording } from "./recording/recording.ts";
import { CallLog, type RecordedCall } from "./state/call-log.ts";
import { Clock } from "./state/clock.ts";
import { Dice } from "./state/dice.ts";
import { FileStore } from "./state/files.ts";
import type { ChatEvent } from "./state/journal.ts";
import { Settings } from "./state/settings.ts";
import { UpdateQueue } from "./state/update-queue.ts";
import { World } from "./state/world.ts";
import { WebhookSender, type WebhookSenderOptions } from "./webhook-sender.ts";

export interface SimulatorOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /**
   * The host name that requests on loopback may have, beside localhost and IP addresses: that of a TLS front on this machine.
   * Default: `host`.
   */
  name?: string;
  token?: string;
  /** Changes to the result of getMe. */
  bot?: Partial<UserFromGetMe>;
  /** Messages and events kept for each chat; default 1,000. */
  historyPerChat?: number;
  /** Calls kept in the log; default 10,000; 0 turns the log off. */
  callLog?: number;
  /** The id of the first update. */
  firstUpdateId?: number;
  /**
   * Slows down callers that repeat an offset, and delays repeated conflicts, as Telegram does. Off by default: most
   * bots repeat an offset when they end, and every test would end with a wait of three seconds.
   */
  strictPolling?: boolean;
  /** Milliseconds since 1970, for dates of messages and the age of updates; `advance()` comes on top. Waits use real time, too. */
  now?: () => number;
  /** Keeps a recording of the run: in memory (`recording`), or with a path also in this file, when the simulator closes. */
  record?: boolean | string;
  /** Values of dice, and faults with a probability, follow from it; default 1. */
  seed?: number;
  /**
   * Sends updates to the URL of setWebhook, which may then be http and have any host and port, as with a Bot API server that runs
   * with --local. `second` is the length in ms of a second of a pause between two attempts. Off by default: no URL is called.
   */
  webhooks?: boolean | { second: number };
  /**
   * Behaves as a Bot API server of one's own, which runs with `--local`: it takes files of 2,000 MB, opens paths, and calls webhooks at any
   * address. https://core.telegram.org/bots/api#using-a-local-bot-api-server
   */
  local?: boolean;
  /** Refuses messages beyond Telegram's limits with 429: 1 a second in a chat, 20 a minute in a group, 30 a second in all. */
  limits?: boolean;
  /** Stands between the caller and the Bot API, behind the faults of `fail()`: for a test that needs a fault of its own. */
  intercept?: Intercept;
}

const LOOPBACK = "127.0.0.1";

const TOKEN = "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qcS";

const BOT: Omit<UserFromGetMe, "id"> = {
  is_bot: true,
  first_name: "Bot",
  username: "simulated_bot",
  can_join_groups: true,
  // Privacy mode is off: in a demonstration a bot should receive every message of a group.
  can_read_all_group_messages: true,
  supports_guest_queries: false,
  supports_inline_queries: true,
  can_connect_to_business: false,
  has_main_web_app: false,
} as Omit<UserFromGetMe, "id">;

export class Simulator extends ClientSide implements AsyncDisposable {
  readonly token: string;
  readonly #world: World;
  readonly #queue: UpdateQueue;
  readonly #calls: CallLog;
  readonly #context: ActionContext;
  readonly #clock: Clock;
  readonly #activity: BotActivity;
  readonly #bots = new RunningBots();
  readonly #recorder: Recorder | undefined;
  readonly #recordingPath: string | undefined;
  readonly #server: ServerType;
  readonly #webhook: WebhookSender | undefined;
  readonly #local: LocalServer | undefined;
  #url = "";

  private constructor(options: SimulatorOptions) {
    super();
    const { token = TOKEN, historyPerChat = 1000, callLog = 10_000, strictPolling = false, seed = 1 } = options;
    const { limits = false } = options;
    const local = options.local ? new LocalServer() : undefined;
    this.#local = local;
    const bot = { id: Number.parseInt(token, 10), ...BOT, ...options.bot };
    const files = new FileStore();
    const clock = new Clock(options.now);
    const { now } = clock;
    const dice = new Dice(seed);
    const faults = new Faults(seed, options.intercept);
    this.token = token;
    this.#clock = clock;
    this.#world = new World({ now, bot, historyPerChat });
    this.#queue = new UpdateQueue({ now, firstId: options.firstUpdateId ?? 100_000_001 });
    this.#calls = new CallLog(callLog);
    const poll = new LongPoll(this.#queue, { clock, strict: strictPolling });
    const settings = new Settings();
    this.#activity = new BotActivity({ queue: this.#queue, calls: this.#calls, poll, settings });
    if (options.record !== undefined && options.record !== false) this.#recorder = this.#record(now, seed);
    this.#recordingPath = typeof options.record === "string" ? options.record : undefined;
    this.#context = new ActionContext({
      world: this.#world,
      queue: this.#queue,
      calls: this.#calls,
      files,
      faults,
      clock,
      dice,
      bots: this.#bots,
      activity: this.#activity,
      url: () => this.#url,
    });
    this.#webhook = senderFor(options.webhooks, { queue: this.#queue, settings, clock });
    const api = new BotApi({
      world: this.#world,
      files,
      settings,
      queue: this.#queue,
      poll,
      dice,
      webhook: this.#webhook,
      local,
      limits: limits ? new Limits(now) : undefined,
    });
    const clients = clientRoutes(this.perform, isAction, this.#world.journal);
    const { name = options.host ?? LOOPBACK } = options;
    const { intercept } = faults;
    this.#server = createServer({
      token,
      api,
      files,
      calls: this.#calls,
      clients,
      now,
      intercept,
      name,
      isLocal: local !== undefined,
    });
  }

  #record(now: () => number, seed: number): Recorder {
    const recorder = new Recorder({ now, seed });
    this.#calls.observe(recorder.call);
    this.#queue.onPush.push((json) => recorder.update(JSON.parse(json)));
    return recorder;
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
    return this.#world.bot;
  }

  /** Updates that no offset has confirmed yet. */
  get pending(): number {
    return this.#queue.pending;
  }

  /** The calls of the Bot API up to now. */
  get calls(): readonly RecordedCall[] {
    return this.#calls.calls;
  }

  /** The title of a group, or the name of a private chat's user. */
  titleOf(chat_id: number): string {
    const chat = this.#world.chat(chat_id)?.chat;
    return chat?.title ?? chat?.first_name ?? String(chat_id);
  }

  /** The run up to now. @throws ActionError without the option `record` */
  get recording(): Recording {
    if (this.#recorder === undefined) throw new ActionError("there is no recording without the option `record`");
    return this.#recorder.recording;
  }

  /** Sets the id of the next update, as Telegram does after a quiet week. The queue must be empty. */
  restartIds(at: number): void {
    this.#queue.restartIds(at);
  }

  /** Calls `observer` for every event in any chat, until the returned function is called. */
  observe(observer: (event: ChatEvent) => void): () => void {
    return this.#world.journal.observe(observer);
  }

  /** Calls `observer` for every call of the bot, before it is carried out, until the returned function is called. */
  observeCalls(observer: (call: RecordedCall) => void): () => void {
    return this.#calls.observe(observer);
  }

  /**
   * Starts a bot, which is stopped when the simulator closes. Resolves when the bot asks for updates.
   * @throws the error of its start
   */
  async run(bot: RunnableBot | Promise<RunnableBot>): Promise<void> {
    await this.#bots.run(bot, this.#activity.asks());
  }

  readonly perform = async <A extends ActionName>(name: A, takes: Takes<A>): Promise<Gives<A>> => {
    const action: ActionHandlers<A>[A] = ACTIONS[name];
    if (!WATCHING.has(name)) this.#context.userActs();
    const recorded = this.#recorder?.act(name, takes);
    const gives = await action(takes, this.#context);
    if (recorded !== undefined && (name === "user" || name === "chat")) recorded.id = (gives as { id: number }).id;
    return gives;
  };

  /**
   * Stops the bots, then the server, and closes the connections of waiting calls.
   * @throws the error by which a bot has ended, unless an expectation had it
   */
  async close(): Promise<void> {
    await this.#bots.stop();
    this.#webhook?.unset();
    this.#clock.stop();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    if ("closeAllConnections" in this.#server) this.#server.closeAllConnections();
    await closed;
    this.#local?.close();
    if (this.#recordingPath !== undefined) await writeRecording(this.#recordingPath, this.recording);
    this.#bots.throwIfUntold();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function senderFor(
  webhooks: SimulatorOptions["webhooks"] = false,
  parts: Omit<WebhookSenderOptions, "second">,
): WebhookSender | undefined {
  if (webhooks === false) return undefined;
  return new WebhookSender({ ...parts, second: webhooks === true ? 1000 : webhooks.second });
}

const ACTIONS: ActionHandlers<ActionName> = {
  ...messageActions,
  ...fileActions,
  ...memberActions,
  ...inlineActions,
  ...paymentActions,
  ...businessActions,
  ...testControlActions,
  ...watchingActions,
  ...faultActions,
};
/** These are no actions of users. */
const WATCHING: ReadonlySet<ActionName> = new Set<ActionName>([
  ...(Object.keys(watchingActions) as ActionName[]),
  ...(Object.keys(testControlActions) as ActionName[]).filter((name) => name !== "push"),
]);
const isAction = (name: string): name is ActionName => Object.hasOwn(ACTIONS, name);
