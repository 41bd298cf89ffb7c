/**
 * Receives updates by long polling.
 *
 *   polling -- updates --> received(): stored, and there is room for more --> polling, with the offset behind them
 *   polling -- failure --> waiting, as retry.ts says --> polling
 *   polling -- fatal failure --> run() rejects
 *
 * Polling never waits for the application. The next poll tells Telegram that an update was received, and it starts only when the
 * update is stored.
 */

import { setTimeout as delay } from "node:timers/promises";
import type { Update } from "@grammyjs/types";
import { backoff } from "../protocol/backoff.ts";
import { NetworkError, TelegramError } from "../protocol/errors.ts";
import type { SourceState, UpdateSource } from "../protocol/update-source.ts";
import type { Poll } from "./bot-api.ts";
import { CONFLICT_PATIENCE, conflictKind, judgePoll } from "./retry.ts";

export interface PollerOptions {
  /** Kinds of update to receive; empty for Telegram's default. */
  allowedUpdates(): readonly string[];
  getUpdates(poll: Poll, signal: AbortSignal): Promise<Update[]>;
  /**
   * Stores a batch. Resolves when the batch is stored for good and there is room for another; its error ends the polling.
   * @returns the number of updates that were not known before
   */
  received(updates: Update[], signal: AbortSignal): Promise<number>;
  /** Observes each poll at its end. */
  polled?(updates: number, duration: number, error?: Error): void;
  log: {
    warn(fields: { method: string; error: string }, message: string): void;
    info(fields: { failures: number }, message: string): void;
  };
  /** A clock, in milliseconds. */
  now?(): number;
  /** Waits; ends early, without an error, when the signal is aborted. */
  wait?(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** Telegram's maximum: updates of a batch, and seconds that a poll waits. */
const LIMIT = 100;
const TIMEOUT = 50;
/** A long poll that brings nothing new in less than this did not wait: ms. */
const AT_ONCE = 500;

export class Poller implements UpdateSource {
  readonly #options: Required<PollerOptions>;
  #offset: number | undefined;
  /** Polls since the last one that brought something new or waited for it. */
  #inVain = 0;
  #failures = 0;
  #lastError: string | undefined;
  #isConflict = false;
  /** Time at which a poll last began or ended. */
  #lastSign: number;
  #lastSuccess = Date.now();
  /** The first and the last 409 of one conflict. */
  #conflict = { first: Number.NEGATIVE_INFINITY, last: Number.NEGATIVE_INFINITY };
  /** Failures that were logged since the last success: each reason is logged once. */
  readonly #warnedOf = new Set<string>();

  constructor(options: PollerOptions) {
    this.#options = { now: () => performance.now(), wait: pause, polled: () => {}, ...options };
    this.#lastSign = this.#options.now();
  }

  get state(): SourceState {
    return {
      failures: this.#failures,
      lastError: this.#lastError,
      isConflict: this.#isConflict,
      silence: this.#options.now() - this.#lastSign,
      lastSuccess: this.#lastSuccess,
    };
  }

  /**
   * Polls until the signal is aborted.
   * @throws TokenRejectedError | ConflictError, and the errors of `received`
   */
  async run(signal: AbortSignal): Promise<void> {
    const { received, now } = this.#options;
    while (!signal.aborted) {
      const started = now();
      const updates = await this.#poll(signal);
      if (updates === undefined) continue;
      const ended = now();
      const added = updates.length === 0 ? 0 : await received(updates, signal);
      // The last one, not the highest: ids restart at random after a quiet week.
      this.#moveBehind(updates.findLast(hasId));
      if (added > 0 || ended - started >= AT_ONCE) this.#inVain = 0;
      else await this.#slowDown(signal);
    }
  }

  /** Makes Telegram drop the updates that wait there. @returns true if there were any */
  async skipPending(signal: AbortSignal): Promise<boolean> {
    const { allowedUpdates, getUpdates } = this.#options;
    // A negative offset counts from the end: only the newest update is left, and the first poll confirms it.
    const [newest] = await getUpdates({ offset: -1, limit: 1, timeout: 0, allowed_updates: allowedUpdates() }, signal);
    this.#moveBehind(newest);
    return newest !== undefined;
  }

  /** Confirms the last batch: only a poll with a higher offset does. */
  async confirm(signal: AbortSignal): Promise<void> {
    if (this.#offset === undefined) return;
    const { allowedUpdates, getUpdates } = this.#options;
    await getUpdates({ offset: this.#offset, limit: 1, timeout: 0, allowed_updates: allowedUpdates() }, signal);
  }

  async #poll(signal: AbortSignal): Promise<Update[] | undefined> {
    const { allowedUpdates, getUpdates, now, polled } = this.#options;
    // After a failure the poll does not wait: recovery is known at once.
    const timeout = this.#failures > 0 ? 0 : TIMEOUT;
    const began = now();
    this.#lastSign = began;
    try {
      const updates = await getUpdates(
        { offset: this.#offset, limit: LIMIT, timeout, allowed_updates: allowedUpdates() },
        signal,
      );
      this.#lastSign = now();
      polled(updates.length, this.#lastSign - began);
      this.#recovered();
      return updates;
    } catch (error) {
      this.#lastSign = now();
      // An aborted poll was ended by us and did not fail.
      if (!signal.aborted) {
        polled(0, this.#lastSign - began, error as Error);
        await this.#failed(error as Error, signal);
      }
      return undefined;
    }
  }

  #moveBehind(update: Update | undefined): void {
    if (hasId(update)) this.#offset = update.update_id + 1;
  }

  /** Waits, lest a server that always answers at once without anything new makes this loop spin. */
  async #slowDown(signal: AbortSignal): Promise<void> {
    this.#inVain += 1;
    await this.#options.wait(backoff(this.#inVain, 1000), signal);
  }

  async #failed(error: Error, signal: AbortSignal): Promise<void> {
    const { log, wait } = this.#options;
    const conflict = error instanceof TelegramError && error.error_code === 409;
    this.#failures += 1;
    this.#lastError = error.message;
    this.#isConflict = conflict;
    this.#inVain += 1;
    const conflictFor = conflict ? this.#lengthOfConflict() : 0;
    const verdict = judgePoll(error, { failures: this.#inVain, conflictFor });
    if (verdict.action === "stop") throw verdict.error;
    const what = conflict ? CONFLICTS[conflictKind(error)] : "polling failed; trying again";
    const reason = error instanceof NetworkError ? error.reason : what;
    if (!this.#warnedOf.has(reason)) log.warn({ method: "getUpdates", error: error.message }, what);
    this.#warnedOf.add(reason);
    await wait(verdict.after, signal);
  }

  /**
   * Milliseconds for which the conflict has lasted. A minute without a 409 ends it; a success in between does not, since two
   * pollers of a busy bot both get updates.
   */
  #lengthOfConflict(): number {
    const now = this.#options.now();
    if (now - this.#conflict.last >= CONFLICT_PATIENCE) this.#conflict.first = now;
    this.#conflict.last = now;
    return now - this.#conflict.first;
  }

  #recovered(): void {
    if (this.#failures > 0) this.#options.log.info({ failures: this.#failures }, "polling again");
    this.#failures = 0;
    this.#lastError = undefined;
    this.#isConflict = false;
    this.#lastSuccess = Date.now();
    this.#warnedOf.clear();
  }
}

/** A negative offset would make Telegram drop waiting updates. */
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
