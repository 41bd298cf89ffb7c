/**
 * Tells when the bot is idle, by what it does over HTTP: it has confirmed every update, waits for more, and has no other call open. Many bots
 * send without waiting for the answer, so this has to hold for a moment.
 */

import type { LongPoll } from "../api/long-poll.ts";
import type { CallLog, RecordedCall } from "../state/call-log.ts";
import { clearTimeout, setImmediate, setTimeout } from "../state/real-time.ts";
import type { Settings } from "../state/settings.ts";
import type { UpdateQueue } from "../state/update-queue.ts";

export interface BotActivityOptions {
  queue: UpdateQueue;
  calls: CallLog;
  poll: LongPoll;
  settings: Settings;
}

export interface PatienceOptions {
  /** Milliseconds. */
  timeout: number;
  /** Milliseconds. */
  quiet: number;
  signal: AbortSignal;
}

export class BotActivity {
  readonly #options: BotActivityOptions;
  /** The bot has asked for updates, by getUpdates or setWebhook. */
  #hasAsked = false;
  #asked: (() => void) | undefined;
  readonly #watchers = new Set<() => void>();

  constructor(options: BotActivityOptions) {
    this.#options = options;
    const { calls, queue, poll } = options;
    calls.observe((call) => {
      if (isPoll(call) || call.method.toLowerCase() === "setwebhook") this.#markAsked();
      this.#changed();
    });
    calls.observeEnds(() => this.#changed());
    queue.onPush.push(() => this.#changed());
    // A webhook confirms updates without any call.
    queue.onConfirm.push(() => this.#changed());
    poll.onWait.push(() => this.#changed());
  }

  get hasAsked(): boolean {
    return this.#hasAsked;
  }

  /** Resolves when a bot asks for updates the next time. */
  async asks(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#asked = resolve;
    await promise;
  }

  /** The reason why the bot is not idle. */
  get business(): string | undefined {
    const { pending } = this.#options.queue;
    if (!this.#hasAsked) return "it has not asked for updates";
    if (pending > 0) return `it has not confirmed ${pending === 1 ? "an update" : `${pending} updates`}`;
    return this.#openCalls() ?? this.#absence();
  }

  /** The reason why a call or its answer is on its way. A bot that is at work on an update may rest, as in a pause of its own. */
  get traffic(): string | undefined {
    const mayRest = !this.#hasAsked || this.#options.queue.pending > 0;
    return this.#openCalls() ?? (mayRest ? undefined : this.#absence());
  }

  /**
   * Waits until there is no reason, and none comes for `quiet` ms; or for the signal.
   * @returns the reason that there is after `timeout` ms
   */
  async without(
    reason: "business" | "traffic",
    { timeout, quiet, signal }: PatienceOptions,
  ): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    let calm: NodeJS.Timeout | undefined;
    let looks = 0;
    const look = () => {
      clearTimeout(calm);
      const mine = ++looks;
      const isOver = () => looks !== mine;
      if (this[reason] !== undefined) return;
      calm = setTimeout(() => afterTurns(TURNS, isOver, () => resolve(undefined)), quiet);
    };
    const tooLate = setTimeout(() => resolve(this[reason] ?? `it has not been idle for ${quiet} ms`), timeout);
    const giveUp = () => resolve(undefined);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    this.#watchers.add(look);
    look();
    try {
      return await promise;
    } finally {
      this.#watchers.delete(look);
      signal.removeEventListener("abort", giveUp);
      clearTimeout(calm);
      clearTimeout(tooLate);
    }
  }

  #openCalls(): string | undefined {
    const open = this.#options.calls.open.filter((call) => !isPoll(call));
    return open.length === 0 ? undefined : `there is no answer yet to ${open.map(({ method }) => method).join(", ")}`;
  }

  #absence(): string | undefined {
    const { poll, settings } = this.#options;
    return poll.rests || settings.webhook.url !== "" ? undefined : "it does not wait for updates";
  }

  #markAsked(): void {
    this.#hasAsked = true;
    this.#asked?.();
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

/**
 * Turns of the event loop that follow the quiet time. A process that the system has held up runs its timers before it reads what has come
 * meanwhile; and a bot in this process takes a few turns from an answer to its next call.
 */
const TURNS = 10;

function afterTurns(turns: number, isOver: () => boolean, run: () => void): void {
  if (isOver()) return;
  if (turns === 0) return run();
  setImmediate(() => afterTurns(turns - 1, isOver, run));
}

const isPoll = ({ method }: RecordedCall) => method.toLowerCase() === "getupdates";
