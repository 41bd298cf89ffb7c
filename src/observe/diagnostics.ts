/** Tells the channels what happens in one server. Nothing is made where nobody listens. */

import { FileError, NetworkError, TelegramError } from "../protocol/errors.ts";
import type { Call } from "../protocol/port.ts";
import {
  channels,
  type DeadLetterMessage,
  type EventFields,
  type RetryMessage,
  type SendMessage,
  type SettledMessage,
  type WorkerMessage,
} from "./channels.ts";

/** An event as the dispatcher knows it. */
export interface ToldEvent extends Omit<EventFields, "server"> {
  /** Milliseconds since 1970. */
  readonly received_at: number;
  /** How often it has been posted. */
  readonly attempts: number;
  /** When it last was, by performance.now(); kept here for those who listen. */
  postedAt?: number;
}

export class Teller {
  /** Which server of this process. */
  readonly server: number;

  constructor(server: number) {
    this.server = server;
  }

  received(event: ToldEvent): void {
    const { server } = this;
    const { seq, update_id, kind, scope } = event;
    if (channels.update.hasSubscribers) channels.update.publish({ server, seq, update_id, kind, scope });
  }

  posted(worker: number, event: ToldEvent): void {
    if (!channels.delivery.hasSubscribers && !channels.settled.hasSubscribers) return;
    event.postedAt = performance.now();
    const { server } = this;
    const { seq, update_id, kind, scope, attempts: attempt } = event;
    const wait = Math.max(0, Date.now() - event.received_at);
    channels.delivery.publish({ server, seq, update_id, kind, scope, worker, attempt, wait });
  }

  /** @param find the event of that number, if that worker has it */
  settled(worker: number, seqs: readonly number[], find: (seq: number) => ToldEvent | undefined): void {
    if (!channels.settled.hasSubscribers) return;
    for (const seq of seqs) {
      const event = find(seq);
      if (event !== undefined) this.#ended(worker, event, "settled");
    }
  }

  failed(worker: number, event: ToldEvent | undefined, error: string): void {
    this.buried(event?.update_id, "failed");
    if (event !== undefined && channels.settled.hasSubscribers) this.#ended(worker, event, "failed", error);
  }

  condemned(worker: number, event: ToldEvent): void {
    this.buried(event.update_id, "condemned");
    if (channels.settled.hasSubscribers) this.#ended(worker, event, "condemned");
  }

  buried(update_id: number | undefined, cause: DeadLetterMessage["cause"]): void {
    const { server } = this;
    if (channels.deadLetter.hasSubscribers) channels.deadLetter.publish({ server, update_id, cause });
  }

  /**
   * @param place the event that the application has in hand, or at least its scope
   * @returns what to call when the call is over, with the error if it failed; undefined where nobody listens
   */
  sending(
    worker: number,
    { method, lane }: Call,
    place: { readonly seq?: number; readonly scope?: string } | undefined,
  ): ((error?: unknown) => void) | undefined {
    if (!channels.send.hasSubscribers) return undefined;
    const { server } = this;
    const began = performance.now();
    const { seq, scope } = place ?? {};
    return (error) => {
      const duration = performance.now() - began;
      const message = { server, worker, method, lane, seq, scope, outcome: outcomeOf(error), duration };
      channels.send.publish(error === undefined ? message : { ...message, error: error as Error });
    };
  }

  retrying(method: string, attempt: number, cause: RetryMessage["cause"], wait: number): void {
    const { server } = this;
    if (channels.retry.hasSubscribers) channels.retry.publish({ server, method, attempt, cause, wait });
  }

  polled(updates: number, duration: number, error?: Error): void {
    if (!channels.poll.hasSubscribers) return;
    const outcome = error !== undefined ? "failed" : updates > 0 ? "updates" : "empty";
    channels.poll.publish({ server: this.server, outcome, updates, duration, ...(error && { error }) });
  }

  worker(worker: number, state: WorkerMessage["state"], more: Pick<WorkerMessage, "cause" | "error"> = {}): void {
    if (channels.worker.hasSubscribers) channels.worker.publish({ server: this.server, worker, state, ...more });
  }

  #ended(worker: number, event: ToldEvent, outcome: SettledMessage["outcome"], error?: string): void {
    const now = performance.now();
    const duration = now - (event.postedAt ?? now);
    const { server } = this;
    const { seq, update_id, kind, scope, attempts: attempt } = event;
    const message = { server, seq, update_id, kind, scope, worker, attempt, outcome, duration };
    channels.settled.publish(error === undefined ? message : { ...message, error });
  }
}

function outcomeOf(error: unknown): SendMessage["outcome"] {
  if (error === undefined) return "ok";
  const isKnown = [TelegramError, NetworkError, FileError].some((known) => error instanceof known);
  if (!isKnown || (error as NetworkError).delivery === "unknown") return "unknown";
  return error instanceof TelegramError ? "refused" : "unsent";
}
