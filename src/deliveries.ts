/**
 * What becomes of each update, from its arrival to its end: ties the inbox, which remembers, to the dispatcher, which decides.
 *
 *   take() -- stored, addressed --> the dispatcher --> post() -- settled(), failed(), or its worker's death --> its end
 *
 * What happens within one turn of the event loop is recorded in one transaction, and before anything is posted that it
 * concerns: a delivery is in the inbox before the application can know of it.
 */

import { type Arrival, Dispatcher } from "./dispatch/dispatcher.ts";
import type { Beginning, Inbox, InboxEntry } from "./inbox/inbox.ts";
import type { Diagnostics } from "./observe/diagnostics.ts";
import type { Logger } from "./observe/logger.ts";
import type { EventItem } from "./protocol/port.ts";
import { type Entity, kindOf, routeOf, type TelegramObject } from "./protocol/route.ts";

export interface DeliveriesOptions {
  inbox: Inbox;
  /** The bot itself, to whose scope goes what names nobody else. */
  bot: Entity;
  workers: number;
  maxAttempts: number;
  /** Updates from before that time are dropped: seconds since 1970. */
  oldest: number;
  post(worker: number, event: EventItem): void;
  /** What the worker said last. */
  logTail(worker: number): string;
  /** The inbox cannot be written any more. */
  onError(error: Error): void;
  log: Logger;
  tell: Diagnostics;
}

/**
 * The process may be killed from outside, and an event that happens to be alone at its worker then has done nothing. One that
 * kills the whole process is told from it by sheer number: so many times --max-attempts.
 */
const ORPHANED_PER_ATTEMPT = 5;

interface ReadUpdate {
  readonly update: TelegramObject;
  readonly update_id: number;
  readonly body: string;
}

export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #inbox: Inbox;
  readonly #dispatcher: Dispatcher;
  #begun: Beginning[] = [];
  #settled: number[] = [];
  #isScheduled = false;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
    this.#inbox = options.inbox;
    this.#dispatcher = new Dispatcher({
      shards: options.workers,
      maxAttempts: options.maxAttempts,
      post: (shard, arrival, alone) => {
        const { seq, attempts, body } = arrival;
        this.#begun.push({ seq, alone });
        this.#schedule();
        options.tell.posted(shard, arrival);
        options.post(shard, { seq, attempt: attempts, body });
      },
      condemn: (arrival, shard) => this.#condemn(arrival, shard),
    });
  }

  /** Updates that are stored and not settled. */
  get unsettled(): number {
    return this.#dispatcher.unsettled;
  }

  /** Events at the workers. */
  get inFlight(): number {
    return this.#dispatcher.inFlight;
  }

  /** When the oldest update that is not settled was received: milliseconds since 1970. */
  get oldest(): number | undefined {
    return this.#dispatcher.oldest;
  }

  /** Whether so much is unsettled that polling pauses. */
  get isFull(): boolean {
    return this.#dispatcher.isFull;
  }

  /** Takes up what an earlier process left. @returns how many that are */
  resume(): number {
    const left = this.#inbox.unsettled();
    for (const entry of left) {
      if (entry.orphaned >= ORPHANED_PER_ATTEMPT * this.#options.maxAttempts) this.#buryKiller(entry);
      else this.#accept(JSON.parse(entry.body), entry);
    }
    return left.length;
  }

  /**
   * Takes what a poll has brought. Telegram may be told that it was received as soon as the inbox has it for good (sync()).
   * @returns how many of the updates were not known before
   * @throws InboxError
   */
  take(updates: readonly unknown[]): number {
    const read = updates.map((update) => this.#read(update)).filter((update) => update !== undefined);
    const arrived = this.#withoutStale(read);
    const seqs = this.#inbox.append(arrived);
    const received_at = Date.now();
    for (const [i, seq] of seqs.entries()) {
      const { update, update_id, body } = arrived[i]!;
      if (seq === undefined) this.#options.log.debug({ update_id }, "an update has come that was received before");
      else this.#accept(update, { seq, update_id, attempts: 0, deaths: 0, body, received_at }, true);
    }
    const known = seqs.filter((seq) => seq === undefined).length;
    return read.length - known;
  }

  /** Looks for dead letters that somebody wants to be tried again. @throws InboxError */
  takeNews(): void {
    for (const entry of this.#inbox.news()) {
      this.#options.log.info({ update_id: entry.update_id }, "a dead letter is tried again");
      this.#accept(JSON.parse(entry.body), entry);
    }
  }

  // ---- what happens at the workers ----

  workerReady(worker: number): void {
    this.#dispatcher.resume(worker);
  }

  /** The worker gets nothing more: another one is to take its place. */
  workerPaused(worker: number): void {
    this.#dispatcher.pause(worker);
  }

  /**
   * The worker has ended as it was told to.
   * @param unseen events that were posted to it, and that no application has seen: they have made no attempt
   * @throws InboxError
   */
  workerDrained(worker: number, unseen: readonly number[]): void {
    this.record();
    this.#inbox.withdraw(unseen);
    this.#dispatcher.release(worker, unseen);
  }

  /** @param culprit the event that is known to have killed it */
  workerGone(worker: number, culprit: number | undefined): void {
    this.record();
    const held = this.#dispatcher.suspend(worker, culprit);
    this.#inbox.mourn(held);
  }

  settled(worker: number, seqs: readonly number[]): void {
    this.#settled.push(...seqs);
    this.#schedule();
    for (const seq of this.#options.tell.hasSettledSubscribers ? seqs : []) {
      const event = this.posted(worker, seq);
      if (event !== undefined) this.#options.tell.settled(worker, event);
    }
    this.#dispatcher.settled(worker, seqs);
  }

  /** The application threw. @throws InboxError */
  failed(worker: number, seq: number, error: string): void {
    this.record();
    this.#inbox.bury(seq, error, this.#options.logTail(worker));
    const event = this.posted(worker, seq);
    if (event === undefined) this.#options.tell.deadLettered(undefined, "failed");
    else this.#options.tell.failed(worker, event, error);
    this.#dispatcher.settled(worker, [seq]);
  }

  /** Which event, if any, has that number at that worker. */
  posted(worker: number, seq: number): Arrival | undefined {
    return this.#dispatcher.posted(worker, seq);
  }

  /** Writes down what has happened since it was last called. @throws InboxError */
  record(): void {
    if (this.#begun.length === 0 && this.#settled.length === 0) return;
    const [begun, settled] = [this.#begun, this.#settled];
    this.#begun = [];
    this.#settled = [];
    this.#inbox.record(begun, settled);
  }

  // ---- room, idle, stop ----

  room(signal: AbortSignal): Promise<void> {
    return this.#dispatcher.room(signal);
  }

  idle(): Promise<void> {
    return this.#dispatcher.idle();
  }

  /** Posts nothing from now on. */
  close(): void {
    this.#dispatcher.close();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      try {
        this.record();
      } catch (error) {
        this.#options.onError(error as Error);
      }
    });
  }

  /** What cannot be appended, for want of an id or for its sheer form, becomes a dead letter at once. */
  #read(update: unknown): ReadUpdate | undefined {
    const { update_id } = (update ?? {}) as { update_id?: unknown };
    const body = textOf(update);
    if (isUpdateId(update_id) && body !== undefined) return { update: update as TelegramObject, update_id, body };
    const reason = body === undefined ? "it cannot be written as JSON" : "it has no update_id";
    this.#options.log.error({ update_id }, `what Telegram sent is now a dead letter: ${reason}`);
    this.#inbox.buryUnreadable(body ?? "null", reason);
    this.#options.tell.deadLettered(undefined, "unreadable");
    return undefined;
  }

  #withoutStale(updates: ReadUpdate[]): ReadUpdate[] {
    const { oldest, log } = this.#options;
    if (oldest === 0) return updates;
    const fresh = updates.filter(({ update }) => {
      const { date = oldest } = (update[kindOf(update) ?? ""] ?? {}) as { date?: number };
      return !(date < oldest);
    });
    const dropped = updates.length - fresh.length;
    if (dropped > 0) log.info({ dropped }, "dropped updates older than --max-age");
    return fresh;
  }

  #accept(update: TelegramObject, entry: Omit<Arrival, "kind" | "scope" | "id">, isNew = false): void {
    const { seq, update_id, attempts, deaths, body, received_at } = entry;
    const kind = kindOf(update);
    const payload = kind === undefined ? undefined : update[kind];
    if (kind === undefined || typeof payload !== "object" || payload === null || Array.isArray(payload)) {
      this.#options.log.error({ update_id }, "an update without a payload is now a dead letter");
      this.#inbox.bury(seq, "it has no payload that could be an event");
      this.#options.tell.deadLettered(update_id, "unreadable");
      return;
    }
    const { key, id } = routeOf(kind, payload as TelegramObject, this.#options.bot);
    const { log, tell } = this.#options;
    if (log.isLevelEnabled("trace")) log.trace({ scope: key, update_id, kind }, "an update has come");
    const arrival = { seq, update_id, kind, received_at, attempts, deaths, body, scope: key, id };
    if (isNew) tell.received(arrival);
    this.#dispatcher.accept(arrival);
  }

  #condemn(arrival: Arrival, worker: number): void {
    const { seq, scope, update_id, kind, deaths } = arrival;
    const fields = { worker, scope, update_id, kind, deaths };
    this.#options.log.error(fields, "an event has killed its worker too often and is now a dead letter");
    const reason = `its worker died ${deaths} times while it handled this event`;
    this.#inbox.bury(seq, reason, this.#options.logTail(worker));
    this.#options.tell.deadLettered(update_id, "worker_died", { worker, event: arrival });
  }

  #buryKiller({ seq, update_id, orphaned }: InboxEntry): void {
    this.#options.log.error({ update_id }, "the process died too often at this event; it is now a dead letter");
    this.#inbox.bury(seq, `the process died ${orphaned} times while it handled this event and no other`);
    this.#options.tell.deadLettered(update_id, "worker_died");
  }
}

/** https://core.telegram.org/bots/api#update: a positive integer. */
function isUpdateId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Before Node.js 26 writing JSON is recursive, and gives up on what is nested some thousand levels deep. */
function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
