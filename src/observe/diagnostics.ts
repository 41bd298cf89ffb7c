/** Publishes what happens in one server on its channels (channels.ts). A channel without subscribers costs one check. */

import { FileError, NetworkError, TelegramError } from "../protocol/errors.ts";
import type { JobFacts } from "../protocol/job-facts.ts";
import type { Call } from "../protocol/port.ts";
import type { ReceivedEvent } from "../protocol/received-event.ts";
import type { WorkerDeath, WorkerReplacement } from "../protocol/worker-causes.ts";
import {
  channels,
  type DeadLetterMessage,
  type RetryMessage,
  type SendMessage,
  type SettledMessage,
  type WorkerMessage,
} from "./channels.ts";

export class Diagnostics {
  readonly #server: number;

  /** @param server `RunningServer.id` */
  constructor(server: number) {
    this.#server = server;
  }

  // ---- events ----

  received(event: ReceivedEvent): void {
    if (!channels.received.hasSubscribers) return;
    const { seq, update_id, kind, scope } = event;
    channels.received.publish({ server: this.#server, seq, update_id, kind, scope });
  }

  posted(worker: number, event: ReceivedEvent): void {
    if (!channels.posted.hasSubscribers && !channels.settled.hasSubscribers) return;
    event.postedAt = performance.now();
    const { seq, update_id, kind, scope, attempts: attempt } = event;
    const wait = Math.max(0, Date.now() - event.received_at);
    channels.posted.publish({ server: this.#server, seq, update_id, kind, scope, worker, attempt, wait });
  }

  /** False if settled() has no effect, so that the caller need not look up the events. */
  get hasSettledSubscribers(): boolean {
    return channels.settled.hasSubscribers;
  }

  settled(worker: number, event: ReceivedEvent): void {
    this.#ended(worker, event, "settled");
  }

  /** The application threw: the event is a dead letter. */
  failed(worker: number, event: ReceivedEvent, error: string): void {
    this.#deadLetter(event.update_id, "failed");
    this.#ended(worker, event, "failed", error);
  }

  /** @param last the worker's last attempt at the event; absent if no worker had it in this process */
  deadLettered(
    update_id: number | undefined,
    cause: DeadLetterMessage["cause"],
    last?: { readonly worker: number; readonly event: ReceivedEvent },
  ): void {
    this.#deadLetter(update_id, cause);
    if (last !== undefined) this.#ended(last.worker, last.event, "dead_lettered");
  }

  // ---- calls and polls ----

  /**
   * @param place the event that the application is handling, or only its scope
   * @returns a function to call at the end of the call, with its error if it failed; undefined without subscribers
   */
  sending(
    worker: number,
    { method, lane }: Call,
    place: { readonly seq?: number; readonly scope?: string } | undefined,
  ): ((error?: unknown) => void) | undefined {
    if (!channels.send.hasSubscribers) return undefined;
    const server = this.#server;
    const began = performance.now();
    const { seq, scope } = place ?? {};
    return (error) => {
      const duration = performance.now() - began;
      const message = { server, worker, method, lane, seq, scope, outcome: outcomeOf(error), duration };
      channels.send.publish(error === undefined ? message : { ...message, error: error as Error });
    };
  }

  retrying(method: string, attempt: number, cause: RetryMessage["cause"], wait: number): void {
    const server = this.#server;
    if (channels.retry.hasSubscribers) channels.retry.publish({ server, method, attempt, cause, wait });
  }

  polled(updates: number, duration: number, error?: Error): void {
    if (!channels.poll.hasSubscribers) return;
    const outcome = error !== undefined ? "failed" : updates > 0 ? "updates" : "empty";
    channels.poll.publish({ server: this.#server, outcome, updates, duration, ...(error && { error }) });
  }

  // ---- workers ----

  workerReady(worker: number): void {
    this.#worker({ worker, state: "ready" });
  }

  workerStalled(worker: number): void {
    this.#worker({ worker, state: "stalled" });
  }

  workerDied(worker: number, cause: WorkerDeath, error: Error): void {
    this.#worker({ worker, state: "died", cause, error });
  }

  workerReplaced(worker: number, cause: WorkerReplacement): void {
    this.#worker({ worker, state: "replaced", cause });
  }

  // ---- jobs ----

  jobEnded(job: JobFacts): void {
    if (channels.job.hasSubscribers) channels.job.publish({ server: this.#server, ...job });
  }

  #worker(message: Omit<WorkerMessage, "server">): void {
    if (channels.worker.hasSubscribers) channels.worker.publish({ server: this.#server, ...message });
  }

  #deadLetter(update_id: number | undefined, cause: DeadLetterMessage["cause"]): void {
    if (channels.deadLetter.hasSubscribers) channels.deadLetter.publish({ server: this.#server, update_id, cause });
  }

  #ended(worker: number, event: ReceivedEvent, outcome: SettledMessage["outcome"], error?: string): void {
    if (!channels.settled.hasSubscribers) return;
    const now = performance.now();
    const duration = now - (event.postedAt ?? now);
    const { seq, update_id, kind, scope, attempts: attempt } = event;
    const message = { server: this.#server, seq, update_id, kind, scope, worker, attempt, outcome, duration };
    channels.settled.publish(error === undefined ? message : { ...message, error });
  }
}

function outcomeOf(error: unknown): SendMessage["outcome"] {
  if (error === undefined) return "ok";
  const isKnown = [TelegramError, NetworkError, FileError].some((known) => error instanceof known);
  if (!isKnown || (error as NetworkError).delivery === "unknown") return "unknown";
  return error instanceof TelegramError ? "refused" : "unsent";
}
