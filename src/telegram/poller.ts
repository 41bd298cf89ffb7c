/**
 * The long poll.
 *
 *   polling -- updates --> taken (committed by `take`), polling again at once with the offset behind them
 *   polling -- failure --> waiting, as retry.ts says --> polling
 *   polling -- failure that is final --> run() rejects
 *   before each poll: `stored()`, which waits for the disk, and `room()`, which waits while the inbox is full
 *
 * It never waits for the application. Telegram is told that an update was received by the next poll, and that waits until the
 * update is stored.
 */

import { setTimeout as delay } from "node:timers/promises";
import type { Update } from "@grammyjs/types";
import { NetworkError, TelegramError } from "../protocol/errors.ts";
import type { Poll } from "./bot-api.ts";
import { backoff, CONFLICT_PATIENCE, conflictKind, judgePoll } from "./retry.ts";

export interface PollerOptions {
  allowedUpdates: readonly string[];
  getUpdates(poll: Poll, signal: AbortSignal): Promise<Update[]>;
  /** Stores the updates; what it throws ends the polling. @returns how many of them are new */
  take(updates: Update[]): number;
  /** Resolves when what was taken is stored for good: the next poll tells Telegram to forget it. */
  stored(): Promise<void>;
  /** Resolves when there is room for a batch. */
  room(signal: AbortSignal): Promise<void>;
  log: {
    warn(fields: { method: string; error: string }, message: string): void;
    info(fields: { failures: number }, message: string): void;
  };
  /** A clock, in milliseconds. */
  now?(): number;
  /** What to wait with; ends early, and does not reject, when the signal is aborted. */
  wait?(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** The most that Telegram gives: updates a batch, and seconds of waiting. */
const LIMIT = 100;
const TIMEOUT = 50;
/** A long poll that comes back with nothing new sooner than this did not wait: ms. */
const AT_ONCE = 500;

export class Poller {
  readonly #options: Required<PollerOptions>;
  #offset: number | undefined;
  /** Polls since the last one that brought something new or waited for it. */
  #inVain = 0;
  #failures = 0;
  /** The first and the last of the conflicts that count as one. */
  #conflict = { first: Number.NEGATIVE_INFINITY, last: Number.NEGATIVE_INFINITY };
  /** What has been warned of since all was well: of everything once. */
  readonly #warnedOf = new Set<string>();

  constructor(options: PollerOptions) {
    this.#options = { now: () => performance.now(), wait: pause, ...options };
  }

  /**
   * Polls until the signal is aborted.
   * @throws TokenRejectedError | ConflictError, and what `take` and `stored` throw
   */
  async run(signal: AbortSignal): Promise<void> {
    const { stored, room, now } = this.#options;
    while (!signal.aborted) {
      await Promise.all([stored(), room(signal)]);
      if (signal.aborted) return;
      const started = now();
      const updates = await this.#poll(signal);
      if (updates === undefined) continue;
      const isNew = this.#take(updates) > 0;
      if (isNew || now() - started >= AT_ONCE) this.#inVain = 0;
      else await this.#slowDown(signal);
    }
  }

  /** Makes Telegram forget what waits there. @returns whether anything did */
  async skipPending(signal: AbortSignal): Promise<boolean> {
    const { allowedUpdates, getUpdates } = this.#options;
    // A negative offset counts from the end: only the newest update is left, and the first poll confirms it.
    const [newest] = await getUpdates({ offset: -1, limit: 1, timeout: 0, allowed_updates: allowedUpdates }, signal);
    this.#moveBehind(newest);
    return newest !== undefined;
  }

  /** Tells Telegram of the last batch: only a call with a higher offset confirms it. */
  async confirm(signal: AbortSignal): Promise<void> {
    if (this.#offset === undefined) return;
    const { allowedUpdates, getUpdates, stored } = this.#options;
    await stored();
    await getUpdates({ offset: this.#offset, limit: 1, timeout: 0, allowed_updates: allowedUpdates }, signal);
  }

  async #poll(signal: AbortSignal): Promise<Update[] | undefined> {
    const { allowedUpdates, getUpdates } = this.#options;
    // When all is well again that is to be known at once: the long poll of a quiet bot would take its time to tell.
    const timeout = this.#failures > 0 ? 0 : TIMEOUT;
    try {
      const poll = { offset: this.#offset, limit: LIMIT, timeout, allowed_updates: allowedUpdates };
      const updates = await getUpdates(poll, signal);
      this.#recovered();
      return updates;
    } catch (error) {
      if (!signal.aborted) await this.#failed(error, signal);
      return undefined;
    }
  }

  #take(updates: Update[]): number {
    if (updates.length === 0) return 0;
    const news = this.#options.take(updates);
    // Of the last one, not the highest: ids restart at random after a quiet week.
    this.#moveBehind(updates.findLast(hasId));
    return news;
  }

  #moveBehind(update: Update | undefined): void {
    if (hasId(update)) this.#offset = update.update_id + 1;
  }

  /** A server that answers at once with nothing, or always with the same, must not make this loop spin. */
  async #slowDown(signal: AbortSignal): Promise<void> {
    this.#inVain += 1;
    await this.#options.wait(backoff(this.#inVain, 1000), signal);
  }

  async #failed(error: unknown, signal: AbortSignal): Promise<void> {
    const { log, wait } = this.#options;
    const conflict = error instanceof TelegramError && error.error_code === 409;
    this.#failures += 1;
    this.#inVain += 1;
    const conflictFor = conflict ? this.#lengthOfConflict() : 0;
    const verdict = judgePoll(error, { failures: this.#inVain, conflictFor });
    if (verdict.action === "stop") throw verdict.error;
    const what = conflict ? CONFLICTS[conflictKind(error)] : "polling failed; trying again";
    const reason = error instanceof NetworkError ? error.reason : what;
    if (!this.#warnedOf.has(reason)) log.warn({ method: "getUpdates", error: (error as Error).message }, what);
    this.#warnedOf.add(reason);
    await wait(verdict.after, signal);
  }

  /** A success in between does not end it: two that poll for a busy bot both get updates. A minute without a conflict does. */
  #lengthOfConflict(): number {
    const now = this.#options.now();
    if (now - this.#conflict.last >= CONFLICT_PATIENCE) this.#conflict.first = now;
    this.#conflict.last = now;
    return now - this.#conflict.first;
  }

  #recovered(): void {
    if (this.#failures > 0) this.#options.log.info({ failures: this.#failures }, "polling again");
    this.#failures = 0;
    this.#warnedOf.clear();
  }
}

/** A negative offset would make Telegram forget what waits there. */
function hasId(update: Update | undefined): update is Update {
  return Number.isSafeInteger(update?.update_id) && update!.update_id >= 0;
}

const CONFLICTS = {
  webhook:
    "a webhook is set for this bot, so it cannot be polled; trying again for a minute (--delete-webhook removes it)",
  poller: "another process polls for this bot; trying again for a minute",
};

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => {});
}
