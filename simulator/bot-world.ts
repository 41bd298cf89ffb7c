/** One bot and its Telegram, without HTTP: the state, the methods of the Bot API, and the actions of users. */

import type { UserFromGetMe } from "@grammyjs/types";
import { BotApi } from "./api/bot-api.ts";
import { Limits } from "./api/limits.ts";
import { LocalServer } from "./api/local-server.ts";
import { LongPoll } from "./api/long-poll.ts";
import { ActionContext, type ActionHandlers } from "./clients/action-context.ts";
import type { ActionName, Gives, Takes } from "./clients/actions/actions.ts";
import { businessActions } from "./clients/actions/business.ts";
import { faultActions } from "./clients/actions/faults.ts";
import { fileActions } from "./clients/actions/files.ts";
import { inlineActions } from "./clients/actions/inline.ts";
import { loadActions } from "./clients/actions/load.ts";
import { memberActions } from "./clients/actions/members.ts";
import { messageActions } from "./clients/actions/messages.ts";
import { paymentActions } from "./clients/actions/payments.ts";
import { serverActions } from "./clients/actions/server.ts";
import { testControlActions } from "./clients/actions/test-control.ts";
import { watchingActions } from "./clients/actions/watching.ts";
import { BotActivity } from "./clients/bot-activity.ts";
import { RunningBots } from "./clients/running-bots.ts";
import { Faults } from "./faults.ts";
import { type Intercept, longestBody } from "./http/bot-routes.ts";
import type { BotServer, ServerState } from "./inspector/bot-server.ts";
import type { FloodSecond } from "./inspector/flood.ts";
import { Inspector } from "./inspector/inspector.ts";
import { type Snapshot, snapshotOf } from "./inspector/snapshot.ts";
import { Recorder } from "./recording/recording.ts";
import { CallLog } from "./state/call-log.ts";
import { Clock } from "./state/clock.ts";
import { Dice } from "./state/dice.ts";
import { FileStore } from "./state/files.ts";
import type { Journal } from "./state/journal.ts";
import { Settings } from "./state/settings.ts";
import { UpdateQueue } from "./state/update-queue.ts";
import { World } from "./state/world.ts";
import { callFrom } from "./webhook-answer.ts";
import { WebhookSender, type WebhookSenderOptions } from "./webhook-sender.ts";

export interface BotWorldOptions {
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
  /** Milliseconds since 1970, for dates of messages and the age of updates; `advance()` comes on top. Timeouts use real time. */
  now?: () => number;
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
  /** The URL of the simulator, for messages of failures. */
  url?: () => string;
  /** Stands between the caller and the Bot API, behind the faults of `fail()`: for a test that needs a fault of its own. */
  intercept?: Intercept;
}

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

export class BotWorld {
  readonly token: string;
  readonly api: BotApi;
  readonly files = new FileStore();
  readonly queue: UpdateQueue;
  readonly calls: CallLog;
  readonly clock: Clock;
  readonly faults: Faults;
  /** Bots that run in this process. */
  readonly bots = new RunningBots();
  readonly activity: BotActivity;
  readonly #seed: number;
  readonly #settings: Settings;
  readonly #world: World;
  readonly #context: ActionContext;
  readonly #poll: LongPoll;
  readonly #webhook: WebhookSender | undefined;
  readonly #local: LocalServer | undefined;
  #recorder: Recorder | undefined;
  #inspector: Inspector | undefined;
  readonly #serverObservers = new Set<(state: ServerState) => void>();
  readonly #closing = new AbortController();

  constructor(token: string, options: BotWorldOptions = {}) {
    const { historyPerChat = 1000, callLog = 10_000, strictPolling = false, seed = 1 } = options;
    const bot = { id: Number.parseInt(token, 10), ...BOT, ...options.bot };
    const clock = new Clock(options.now);
    const { now } = clock;
    const dice = new Dice(seed);
    const settings = new Settings();
    this.token = token;
    this.#seed = seed;
    this.#settings = settings;
    this.clock = clock;
    this.faults = new Faults(seed, options.intercept);
    this.calls = new CallLog(callLog);
    this.queue = new UpdateQueue({ now, firstId: options.firstUpdateId ?? 100_000_001 });
    this.#world = new World({ now, bot, historyPerChat });
    this.#poll = new LongPoll(this.queue, { clock, strict: strictPolling });
    this.#local = options.local ? new LocalServer() : undefined;
    this.#webhook = senderFor(options.webhooks, {
      queue: this.queue,
      settings,
      clock,
      longestAnswer: longestBody(this.isLocal),
      onAnswer: (answer) => callFrom(answer, this),
    });
    const shared = { world: this.#world, queue: this.queue, files: this.files, dice };
    this.activity = new BotActivity({ queue: this.queue, calls: this.calls, poll: this.#poll, settings });
    this.#context = new ActionContext({
      ...shared,
      calls: this.calls,
      faults: this.faults,
      clock,
      bots: this.bots,
      activity: this.activity,
      url: options.url ?? (() => ""),
    });
    this.api = new BotApi({
      ...shared,
      settings,
      poll: this.#poll,
      webhook: this.#webhook,
      local: this.#local,
      limits: options.limits ? new Limits(now) : undefined,
    });
  }

  /** The result of getMe. */
  get bot(): UserFromGetMe {
    return this.#world.bot;
  }

  get journal(): Journal {
    return this.#world.journal;
  }

  /** The ways of updates, from the first look at it on. */
  get inspector(): Inspector {
    this.#inspector ??= new Inspector({ queue: this.queue, now: this.clock.now });
    return this.#inspector;
  }

  /** All that a page shows now. @param person the id of the one who looks */
  snapshot(person?: number): Snapshot {
    const { calls, faults, inspector } = this;
    const sources = { person, world: this.#world, settings: this.#settings, calls, originOf: inspector.originOf };
    const server = this.#context.server?.state;
    return snapshotOf({ ...sources, updates: inspector.traces, faults: faults.active, server });
  }

  /** Shows the server that runs the bot to pages, which may kill and reload it. */
  attach(server: BotServer): void {
    this.#context.server = server;
    this.inspector.attach(server, this.calls);
    const tell = (state: ServerState) => {
      for (const observer of this.#serverObservers) observer(state);
    };
    server.observe(tell);
    tell(server.state);
  }

  /** Calls `observer` when a server is attached and whenever its state changes, until the returned function is called. */
  observeServer(observer: (state: ServerState) => void): () => void {
    this.#serverObservers.add(observer);
    return () => this.#serverObservers.delete(observer);
  }

  /** Calls `observer` for each second of a flood, until the returned function is called. */
  observeFlood(observer: (second: FloodSecond) => void): () => void {
    this.#context.floodObservers.add(observer);
    return () => this.#context.floodObservers.delete(observer);
  }

  endFlood(): void {
    this.#context.endFlood();
  }

  /** True for a Bot API server of one's own, which takes larger files. */
  get isLocal(): boolean {
    return this.#local !== undefined;
  }

  /** Aborted at the end of this world. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** The title of a group, or the name of a private chat's user. */
  titleOf(chat_id: number): string {
    const chat = this.#world.chat(chat_id)?.chat;
    return chat?.title ?? chat?.first_name ?? String(chat_id);
  }

  readonly perform = async <A extends ActionName>(name: A, takes: Takes<A>): Promise<Gives<A>> => {
    const action: ActionHandlers<A>[A] = ACTIONS[name];
    if (!WATCHING.has(name)) this.#context.userActs();
    const recorded = this.#recorder?.act(name, takes);
    try {
      const gives = await action(takes, this.#context);
      if (recorded !== undefined && (name === "user" || name === "chat")) recorded.id = (gives as { id: number }).id;
      return gives;
    } catch (error) {
      if (recorded !== undefined) this.#recorder?.forget(recorded);
      throw error;
    }
  };

  /** Records what happens from now on. */
  record(): Recorder {
    const recorder = new Recorder({ now: this.clock.now, seed: this.#seed, bot: this.bot.id });
    this.calls.observe(recorder.call);
    this.queue.onPush.push((json) => recorder.update(JSON.parse(json)));
    this.#recorder = recorder;
    return recorder;
  }

  /** Ends what goes on by itself: a waiting getUpdates gets no updates, webhooks are no longer called. */
  close(): void {
    this.#context.endFlood();
    this.faults.close();
    this.#poll.release();
    this.#webhook?.unset();
    this.clock.stop();
    this.#local?.close();
    this.#closing.abort();
  }
}

function senderFor(
  webhooks: BotWorldOptions["webhooks"] = false,
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
  ...loadActions,
  ...serverActions,
};

/** These are no actions of users. */
const WATCHING: ReadonlySet<ActionName> = new Set<ActionName>([
  ...(Object.keys(watchingActions) as ActionName[]),
  ...(Object.keys(serverActions) as ActionName[]),
  ...(Object.keys(testControlActions) as ActionName[]).filter((name) => name !== "push"),
]);

export const isAction = (name: string): name is ActionName => Object.hasOwn(ACTIONS, name);
