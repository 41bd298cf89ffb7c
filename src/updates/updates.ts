/**
 * The life of each update, from its receipt to its end: ties the inbox, which stores, to the dispatcher, which decides.
 *
 *   received() -> inbox -> onEntry() -> dispatcher -> recorder -> worker -> settled(), failed(), or the worker's death
 *
 * The file is longer than others because inbox, dispatcher, journal and diagnostics are told of each fact in one place.
 */

import type { Blame } from "../dispatch/blame.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Arrival } from "../dispatch/line.ts";
import type { Inbox, InboxEntry, InboxReceiver } from "../inbox/inbox.ts";
import type { Diagnostics } from "../observe/diagnostics.ts";
import type { Logger } from "../observe/logger.ts";
import type { WorkerLog } from "../observe/worker-log.ts";
import type { ToWorker } from "../protocol/port.ts";
import type { EventPast, RecordedCall } from "../protocol/recorded-call.ts";
import type { Entity, LineKind } from "../protocol/route.ts";
import type { Hide } from "../protocol/secrets.ts";
import type { StoredWrite } from "../protocol/stored-value.ts";
import { Breaker, type HoldCause, type ThrownEvent } from "./breaker.ts";
import { readBatch } from "./intake.ts";
import type { Recipient, Recorder } from "./recorder.ts";
import { SuspicionClock } from "./suspicion-clock.ts";

/** The calls that unsettled events have made. */
export interface EventJournal {
  restore(seq: number, calls: readonly RecordedCall[], saved: string | undefined): void;
  past(seq: number): EventPast | undefined;
  settled(seqs: readonly number[]): void;
  deadLettered(seq: number): void;
}

export interface UpdatesOptions {
  inbox: Inbox;
  recorder: Recorder;
  journal: EventJournal;
  /** The bot itself, as getMe describes it. */
  bot: Entity;
  /** The setting of --line. */
  line: LineKind;
  /** The setting of --urgent. */
  urgent?: readonly string[];
  workers: number;
  maxAttempts: number;
  /** Unsettled updates at which polling pauses. */
  limit: number;
  /** Events are held while most of them throw the same error. */
  breaker: boolean;
  /** Updates with an earlier date are dropped: seconds since 1970. */
  oldest: number;
  words: WorkerLog;
  /** Hides secrets in the errors of applications. */
  hide: Hide;
  /** A suspect waits: a worker is to be started as the quarantine. May be called again. */
  suspected(): void;
  /** The inbox cannot be read or written any more. */
  onError(error: Error): void;
  log: Logger;
  diagnostics: Diagnostics;
}

/** A worker that takes events. */
export interface EventWorker extends Recipient {
  /** Ends the instances of a shard. @returns the numbers of its events that no application received */
  endInstances(shard: number): Promise<readonly number[]>;
  /** Adds an item before the events that are posted later. */
  push(item: ToWorker): void;
}

interface ThrownAtWorker extends ThrownEvent {
  readonly worker: EventWorker;
}

export class Updates implements InboxReceiver {
  readonly #options: UpdatesOptions;
  readonly #dispatcher: Dispatcher;
  readonly #breaker: Breaker<ThrownAtWorker> | undefined;
  /** The workers that take events, by number. */
  readonly #workers = new Map<number, EventWorker>();
  /** Dead letters of which the application is to be told, by the number of their worker, which is not ready. */
  readonly #untold = new Map<number, ToWorker[]>();
  readonly #suspicion: SuspicionClock;
  /** Tells a worker until when it may hand out events; undefined where one machine has the inbox. */
  #certain: ToWorker | undefined;

  constructor(options: UpdatesOptions) {
    this.#options = options;
    const { inbox, recorder, workers, maxAttempts, limit, breaker, suspected, log } = options;
    this.#dispatcher = new Dispatcher({
      workers,
      maxAttempts,
      limit,
      isStored: inbox.isDurable,
      post: this.#post.bind(this),
      readAhead: recorder.readAhead.bind(recorder),
      deadLetter: this.#deadLetter.bind(this),
      suspected,
      holdsUp: this.#holdsUp.bind(this),
      accompanied: ({ seq }) => this.#options.recorder.accompanied(seq),
    });
    this.#suspicion = new SuspicionClock(this.#dispatcher);
    if (breaker) this.#breaker = this.#createBreaker(log);
  }

  /** Number of updates that are stored and not settled. */
  get unsettled(): number {
    return this.#dispatcher.unsettled;
  }

  /** Number of events at the workers. */
  get postedCount(): number {
    return this.#dispatcher.postedCount;
  }

  /** Time of receipt of the oldest unsettled update: milliseconds since 1970. */
  get oldest(): number | undefined {
    return this.#dispatcher.oldest;
  }

  /** Time from which polling pauses because too much is unsettled: milliseconds since 1970; undefined while it does not. */
  get fullSince(): number | undefined {
    return this.#dispatcher.fullSince ?? this.#options.inbox.fullSince;
  }

  /** Why, and since when, events are held; undefined while they are not. */
  get holding(): HoldCause | undefined {
    return this.#breaker?.holding;
  }

  /**
   * Stores a batch that a source received. Resolves when the batch is stored for good and there is room for another.
   * @param signal ends the wait for room
   * @returns the number of updates that were not known before
   * @throws InboxError
   */
  async received(batch: readonly unknown[], signal: AbortSignal): Promise<number> {
    const { inbox, oldest, bot, line, urgent, log } = this.#options;
    const { updates, unreadable, stale } = readBatch(batch, oldest, bot, line, urgent);
    for (const { body, reason, update_id } of unreadable) {
      if (!(await inbox.deadLetterUnreadable(body, reason))) continue;
      log.error({ update_id }, `input from Telegram is now a dead letter: ${reason}`);
      this.#options.diagnostics.deadLettered(undefined, "unreadable");
    }
    if (stale > 0) log.info({ dropped: stale }, "dropped updates older than --max-age");
    const added = await inbox.append(updates);
    await this.#dispatcher.room(signal);
    await inbox.room?.(signal);
    return added + stale;
  }

  // ---- from the inbox ----

  onEntry(entry: InboxEntry): void {
    const { log, diagnostics } = this.#options;
    const { seq, update_id, attempts, deaths, body, received_at, origin, kind, line: scope, shard } = entry;
    if (kind === "") {
      log.error({ update_id }, "an update without a payload is now a dead letter");
      this.#options.recorder.deadLettered({ seq, reason: "it has no payload that could be an event", log: "" });
      diagnostics.deadLettered(update_id, "unreadable");
      return;
    }
    const arrival = { seq, update_id, kind, received_at, attempts, deaths, body, scope, shard };
    if (this.#isDeadly(arrival, entry.orphaned)) return;
    const { calls = [], saved } = entry;
    if (calls.length > 0 || saved !== undefined) this.#options.journal.restore(seq, calls, saved);
    if (origin === "received") {
      if (log.isLevelEnabled("trace")) log.trace({ scope, update_id, kind }, "received an update");
      diagnostics.received(arrival);
    } else if (origin === "retried") log.info({ update_id }, "a dead letter is retried");
    this.#dispatcher.received(arrival);
  }

  onCertain(until: number): void {
    this.#certain = { type: "certain", until };
    for (const worker of this.#workers.values()) worker.push(this.#certain);
  }

  async onRevoked(shard: number): Promise<void> {
    const { recorder } = this.#options;
    const number = this.#dispatcher.revoke(shard);
    for (const worker of [number, this.#dispatcher.quarantine])
      this.#workers.get(worker)?.push({ type: "shut", shard });
    // Deliveries that have begun are posted before the instances end, or they would make new ones.
    await recorder.end();
    const workers = [this.#workers.get(number), this.#workers.get(this.#dispatcher.quarantine)];
    const unseen = (await Promise.all(workers.map((worker) => worker?.endInstances(shard) ?? []))).flat();
    this.#dispatcher.revoked(shard);
    if (unseen.length > 0) recorder.withdrawn(unseen);
    await recorder.end();
  }

  onUnreadable(update_id: number): void {
    const { log, diagnostics } = this.#options;
    log.error({ update_id }, "a stored update cannot be read and is now a dead letter: asgigram inbox list");
    diagnostics.deadLettered(update_id, "unreadable");
  }

  onLoss(updates: number): void {
    const cause = "its -wal file was cut or removed, or an older copy of the inbox was put in place";
    this.#options.log.error(`the inbox lacks the last updates that it had stored, some ${updates} of them: ${cause}`);
  }

  onError(error: Error): void {
    this.#options.onError(error);
  }

  // ---- from the workers ----

  /** The worker can take events. */
  workerReady(worker: EventWorker): void {
    this.#workers.set(worker.number, worker);
    if (this.#certain !== undefined) worker.push(this.#certain);
    this.#suspicion.workerReady();
    for (const item of this.#untold.get(worker.number) ?? []) worker.push(item);
    this.#untold.delete(worker.number);
    this.#dispatcher.workerReady(worker.number);
  }

  /** The application is a bot's program, of which so many workers serve. Called before the first of them is ready. */
  servesProgram(workers: number): void {
    this.#dispatcher.servesProgram(workers);
  }

  /** There is no memory for the quarantine. @returns false if nothing waits for it */
  withoutQuarantine(): boolean {
    return this.#dispatcher.withoutQuarantine();
  }

  /** The worker is being replaced: it gets nothing more. Resolves when the deliveries that have begun are posted. */
  async workerPaused({ number }: Recipient): Promise<void> {
    this.#dispatcher.workerPaused(number);
    await this.#options.recorder.end();
  }

  /**
   * The worker ended as told.
   * @param unseen numbers of the events that no application received: their delivery was no attempt
   */
  workerDrained({ number }: Recipient, unseen: readonly number[]): void {
    this.#workers.delete(number);
    // Events of shards that were taken away meanwhile were withdrawn then.
    this.#options.recorder.withdrawn(unseen.filter((seq) => this.posted(number, seq) !== undefined));
    this.#dispatcher.workerDrained(number, unseen);
  }

  /** @returns true if an event is blamed */
  workerDied({ number }: Recipient, blame: Blame): boolean {
    this.#workers.delete(number);
    this.#suspicion.workerDied();
    const blamed = this.#dispatcher.workerDied(number, blame);
    if (blamed.length > 0) this.#options.recorder.died(blamed);
    return blamed.length > 0;
  }

  /** The event took too long, and blocked its worker, which was ended for it. */
  eventOverdue({ number }: Recipient, seq: number): void {
    this.#workers.delete(number);
    this.#dispatcher.overdue(number, seq);
  }

  /** The worker has taken these events off its port. */
  taken({ number }: Recipient, seqs: readonly number[]): void {
    this.#dispatcher.taken(number, seqs);
  }

  /** The application goes on, while it has open work at the event. */
  kept({ number }: Recipient, seq: number): void {
    this.#dispatcher.kept(number, seq);
  }

  /** The application threw. @returns true if the event is held: the worker is told later to try it again */
  threw(worker: EventWorker, seq: number, error: string): boolean {
    const event = this.posted(worker.number, seq);
    if (event === undefined || this.#breaker === undefined) return false;
    const isHeld = this.#breaker.threw({ worker, seq, scope: event.scope }, this.#options.hide(error));
    if (isHeld) this.triedAgain(worker, seq);
    return isHeld;
  }

  /** The application threw, and gets the event again as another attempt. */
  triedAgain(worker: EventWorker, seq: number): void {
    const { number } = worker;
    const event = this.posted(number, seq);
    if (event === undefined) return;
    const past = this.#options.journal.past(seq);
    // What it has saved is known there.
    if (past !== undefined && past.uncertain.length > 0) worker.push({ type: "past", seq, scope: event.scope, past });
    event.attempts += 1;
    this.#options.recorder.triedAgain(seq);
    this.#dispatcher.triedAgain(number, seq);
  }

  /** @param writes the values that the code of these events has stored */
  settled({ number }: Recipient, seqs: readonly number[], writes?: readonly StoredWrite[]): void {
    const { diagnostics, recorder, journal } = this.#options;
    recorder.settled(seqs, writes);
    journal.settled(seqs);
    if (diagnostics.hasSettledSubscribers) {
      for (const event of this.#held(number, seqs)) diagnostics.settled(number, event);
    }
    const breaker = this.#breaker;
    if (breaker?.isWatching) for (const event of this.#held(number, seqs)) breaker.settled(event);
    this.#dispatcher.settled(number, seqs);
  }

  /** The application threw: the event becomes a dead letter. */
  failed({ number }: Recipient, seq: number, error: string): void {
    const { recorder, journal, words, hide, diagnostics } = this.#options;
    const reason = hide(error);
    journal.deadLettered(seq);
    recorder.deadLettered({ seq, reason, log: words.tail(number) });
    for (const event of this.#held(number, [seq])) {
      diagnostics.failed(number, event, reason);
      this.#breaker?.failed(event.scope, reason);
    }
    this.#dispatcher.settled(number, [seq]);
  }

  /** The event of that number, if that worker holds it. */
  posted(worker: number, seq: number): Arrival | undefined {
    return this.#dispatcher.posted(worker, seq);
  }

  /** The bodies of waiting events were read. */
  loaded(arrivals: readonly Arrival[], bodies: ReadonlyMap<number, string>): void {
    this.#dispatcher.loaded(arrivals, bodies);
  }

  /** The inbox refused these deliveries. */
  refused({ number }: Recipient, seqs: readonly number[]): void {
    this.#options.journal.settled(seqs);
    this.#dispatcher.refused(number, seqs);
  }

  // ---- room, idle, stop ----

  /** Resolves when there is room for a batch, or the signal is aborted. */
  room(signal: AbortSignal): Promise<void> {
    return this.#dispatcher.room(signal);
  }

  /** Resolves when everything is settled. */
  idle(): Promise<void> {
    return this.#dispatcher.idle();
  }

  /** True if the quarantine has something to do. */
  needsQuarantine(): boolean {
    return this.#dispatcher.needsQuarantine;
  }

  /** Posts nothing from now on. */
  close(): void {
    this.#suspicion.close();
    this.#breaker?.close();
    this.#dispatcher.close();
  }

  #createBreaker(log: Logger): Breaker<ThrownAtWorker> {
    const dispatcher = this.#dispatcher;
    return new Breaker({
      hold: dispatcher.hold.bind(dispatcher),
      resume: dispatcher.resume.bind(dispatcher),
      postOne: dispatcher.postOne.bind(dispatcher),
      tryAgain: ({ worker, seq }) => {
        // Its worker may have died: the event is at the head of its line, or with another worker.
        if (this.#workers.get(worker.number) !== worker || this.posted(worker.number, seq) === undefined) return false;
        worker.push({ type: "decided", seq, after: 0 });
        return true;
      },
      log,
    });
  }

  #held(worker: number, seqs: readonly number[]): Arrival[] {
    return seqs.map((seq) => this.posted(worker, seq)).filter((arrival) => arrival !== undefined);
  }

  #post(number: number, arrival: Arrival, alone: boolean): void {
    const { recorder, journal, diagnostics } = this.#options;
    const { seq, attempts: attempt, body } = arrival;
    const past = journal.past(seq);
    const event = past === undefined ? { seq, attempt, body } : { seq, attempt, body, past };
    const worker = this.#workers.get(number)!;
    recorder.begun(worker, event, alone);
    diagnostics.posted(number, arrival);
  }

  #holdsUp(number: number, arrival: Arrival): void {
    const worker = this.#workers.get(number);
    this.#suspicion.holdsUp(number, arrival, () => this.#workers.get(number) === worker);
  }

  #deadLetter(worker: number, arrival: Arrival, cause: "deadly" | "timed out"): void {
    const { seq, scope, update_id, kind, deaths } = arrival;
    const { log, recorder, journal, words, diagnostics } = this.#options;
    const isDeadly = cause === "deadly";
    journal.deadLettered(seq);
    const what = isDeadly ? "killed its worker too often" : "took too long and blocked its worker";
    const fields = { worker, scope, update_id, kind, ...(isDeadly && { deaths }) };
    log.error(fields, `an event ${what} and is now a dead letter`);
    const reason = isDeadly
      ? `its worker died ${deaths} times while it handled this event`
      : "it took longer than its time limit, and blocked its worker";
    recorder.deadLettered({ seq, reason, log: words.tail(worker) });
    diagnostics.deadLettered(update_id, isDeadly ? "worker_died" : "timed_out", { worker, event: arrival });
    this.#tell(arrival, reason, !isDeadly);
  }

  /** Tells the chat's worker of a dead letter, before any later event of the chat: at once, or when the worker is ready. */
  #tell(arrival: Arrival, error: string, isOverdue: boolean): void {
    const { scope, shard, seq, attempts: attempt } = arrival;
    const number = this.#dispatcher.workerOf(scope, shard);
    const tell = (body: string | undefined) => {
      if (body !== undefined)
        this.#push(number, { type: "deadLettered", event: { seq, attempt, body }, error, isOverdue });
    };
    if (arrival.body !== undefined) return tell(arrival.body);
    // Its end is recorded with the turn: the inbox still has it.
    const read = this.#options.inbox.read([seq]);
    if (read instanceof Promise) void read.then((bodies) => tell(bodies.get(seq)), this.#options.onError);
    else tell(read.get(seq));
  }

  #push(number: number, item: ToWorker): void {
    const worker = this.#workers.get(number);
    if (worker !== undefined) return worker.push(item);
    const untold = this.#untold.get(number);
    if (untold === undefined) this.#untold.set(number, [item]);
    else untold.push(item);
  }

  /** Makes a dead letter of an event at which the process died too often. */
  #isDeadly(arrival: Arrival, orphaned: number): boolean {
    const { seq, update_id } = arrival;
    const { maxAttempts, log, recorder, diagnostics } = this.#options;
    if (orphaned < maxAttempts) return false;
    log.error({ update_id }, "the process died too often at this event; it is now a dead letter");
    const reason =
      `the process died ${orphaned} times while it handled this event in quarantine; ` +
      "if it was killed from outside, retry the event";
    recorder.deadLettered({ seq, reason, log: "" });
    diagnostics.deadLettered(update_id, "worker_died");
    this.#tell(arrival, reason, false);
    return true;
  }
}
