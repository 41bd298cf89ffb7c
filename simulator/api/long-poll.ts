/**
 * The waiting side of getUpdates. The rules come from `Client::process_get_updates_query` and `do_get_updates` in the
 * public server's source.
 *
 * At most one call waits. It ends with updates, with an empty list at its timeout, or with 409 if a newer call has to
 * wait (the newest poller wins) or a webhook is set.
 */

import type { Clock } from "../state/clock.ts";
import { setTimeout } from "../state/real-time.ts";
import type { UpdateQueue } from "../state/update-queue.ts";
import { conflict } from "./refusal.ts";

export interface PollRequest {
  offset: number;
  /** 1 to 100. */
  limit: number;
  /** Seconds, up to 50. */
  timeout: number;
}

export interface LongPollOptions {
  clock: Clock;
  /** Slows down callers that repeat an offset, as Telegram does. */
  strict: boolean;
}

interface Waiting {
  request: PollRequest;
  answer(updates: string[]): void;
  refuse(reason: Error): void;
}

/** The wait for more updates after the first, so that updates pushed together are answered together: ms. */
const WAKE_DELAY = 1;
const OTHER_POLLER = "terminated by other getUpdates request; make sure that only one bot instance is running";
const WEBHOOK_SET = "terminated by setWebhook request";

export class LongPoll {
  /** Called when a call begins to wait. */
  readonly onWait: (() => void)[] = [];
  readonly #queue: UpdateQueue;
  readonly #clock: Clock;
  readonly #strict: boolean;
  #waiting: Waiting | undefined;
  #waking = false;
  /** The latest call wanted no wait, and there were no updates. */
  #wasEmpty = false;
  #lastOffset = -1;
  #lastStart = 0;
  #lastConflict = 0;

  constructor(queue: UpdateQueue, { clock, strict }: LongPollOptions) {
    this.#queue = queue;
    this.#clock = clock;
    this.#strict = strict;
    queue.onPush.push(() => this.#wakeSoon());
  }

  /** True if a call waits for more updates, or the latest one that did not want to wait was told that there are none. */
  get rests(): boolean {
    return this.#waiting !== undefined || this.#wasEmpty;
  }

  /** Resolves with the updates, each as JSON. Rejects with a `Refusal`, or with the signal's reason. */
  async poll(request: PollRequest, signal: AbortSignal): Promise<string[]> {
    const { offset, limit, timeout } = this.#strict ? this.#slowedDown(request) : request;
    const updates = this.#queue.take(offset, limit);
    this.#wasEmpty = updates.length === 0 && timeout === 0;
    if (updates.length > 0 || timeout === 0) return updates;
    this.#interrupt(OTHER_POLLER);
    // The queue has applied a negative offset: from here on it means "from the head".
    return await this.#wait({ offset: Math.max(offset, 0), limit, timeout }, signal);
  }

  /** Ends the waiting call with 409, after setWebhook. */
  interruptForWebhook(): void {
    this.#interrupt(WEBHOOK_SET);
  }

  /** Ends the waiting call without updates, before its timeout. */
  release(): void {
    this.#waiting?.answer([]);
  }

  /**
   * A poller that waits for an answer and then raises its offset is not slowed down. A poller that repeats an offset
   * within 3 s waits at least 3 s for a new update; within 0.5 s it gets one update at a time.
   */
  #slowedDown(request: PollRequest): PollRequest {
    const sinceLast = request.offset === this.#lastOffset ? this.#clock.now() - this.#lastStart : Infinity;
    this.#lastOffset = request.offset;
    this.#lastStart = this.#clock.now();
    return {
      offset: request.offset,
      limit: sinceLast < 500 ? 1 : request.limit,
      timeout: sinceLast < 3000 ? Math.max(request.timeout, 3) : request.timeout,
    };
  }

  async #wait(request: PollRequest, signal: AbortSignal): Promise<string[]> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<string[]>();
    const waiting: Waiting = { request, answer: resolve, refuse: reject };
    this.#waiting = waiting;
    for (const begun of this.onWait) begun();
    const cancel = this.#clock.schedule(request.timeout * 1000, () => {
      this.#forget(waiting);
      resolve([]);
    });
    const giveUp = () => reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      return await promise;
    } finally {
      this.#forget(waiting);
      cancel();
      signal.removeEventListener("abort", giveUp);
    }
  }

  #forget(waiting: Waiting): void {
    if (this.#waiting === waiting) this.#waiting = undefined;
  }

  #wakeSoon(): void {
    if (this.#waking || this.#waiting === undefined) return;
    this.#waking = true;
    setTimeout(() => this.#wake(), WAKE_DELAY);
  }

  #wake(): void {
    this.#waking = false;
    if (this.#waiting === undefined) return;
    const { request, answer } = this.#waiting;
    const updates = this.#queue.take(request.offset, request.limit);
    if (updates.length === 0) return;
    this.#wasEmpty = false;
    answer(updates);
  }

  /** The first conflict is answered at once, a further one within 3 s after 3 s more: two pollers must not spin. */
  #interrupt(reason: string): void {
    const loser = this.#waiting;
    if (loser === undefined) return;
    this.#waiting = undefined;
    if (!this.#strict || this.#clock.now() >= this.#lastConflict + 3000) {
      this.#lastConflict = this.#clock.now();
      loser.refuse(conflict(reason));
    } else {
      setTimeout(() => loser.refuse(conflict(reason)), 3000);
    }
  }
}
