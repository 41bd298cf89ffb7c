/**
 * The delivery of one event, as the application has it.
 *
 *   at hand -- the application goes on, and no work is open --> over
 *   at hand -- the application goes on, and promises given to waitUntil() are open --> kept -- the last is over --> over
 *   at hand, kept -- the time limit, and a grace --> over
 *
 * Most events need nothing of it but their numbers, so everything else is made at its first use.
 *
 * The file is longer than others because each event has one of it: a further object would cost memory.
 */

import type { Delivery, UncertainCall } from "../src/protocol/delivery.ts";
import { DisconnectedError } from "../src/protocol/errors.ts";
import type { ChatAction } from "../src/protocol/events.ts";
import type { EventJob, JobOrigin } from "../src/protocol/jobs.ts";
import { typeOf } from "../src/protocol/method-names.ts";
import type { EventItem } from "../src/protocol/port.ts";
import { LIMIT_GRACE } from "../src/protocol/pulse.ts";
import type { StoredWrite } from "../src/protocol/stored-value.ts";
import { bindToContext } from "./current-event.ts";
import { EventClock } from "./event-clock.ts";
import { EventValues } from "./event-values.ts";

/** The instance that has the event. */
export interface DeliveryHolder {
  readonly key: string;
  /** Longest work at an event: ms; Infinity without a limit. */
  readonly eventTimeout: number;
  /** The last promise is over. */
  workOver(delivery: EventDelivery): void;
  /** The event's time and its grace are over. */
  overdue(delivery: EventDelivery, error: Error): void;
  /** The application is busy at the event. */
  busy(delivery: EventDelivery, action: ChatAction): void;
  /** The event's code saves its state, as JSON. */
  saved(delivery: EventDelivery, json: string): void;
  /** The limit of an event has changed. */
  limited(delivery: EventDelivery): void;
  /** The event's code goes on with an answer. */
  goesOn(delivery: EventDelivery): void;
}

/** A thrown value: any value can be thrown. */
export interface Thrown {
  readonly error: unknown;
}

interface Extras {
  /** Promises given to waitUntil() that are not over. */
  open: number;
  /** The first rejection of such a promise. */
  thrown: Thrown | undefined;
  controller: AbortController | undefined;
  /** Runs a function in the context of the code that was the first to ask for the signal: its listeners are code of the event. */
  inContext: ((code: () => void) => void) | undefined;
  /** True once the application has asked for the signal. */
  isSignalRead: boolean;
  /** Set once the signal is aborted, or would be if there were one. */
  aborted: { readonly reason: unknown } | undefined;
  isCancelled: boolean;
  /** The time limit is over. */
  isLate: boolean;
  /** Reasons for which the clock stands, or would if there were one. */
  pauses: number;
  clock: EventClock | undefined;
  newestJob: EventJob | undefined;
  /** Jobs that are not over. */
  jobs: Set<EventJob> | undefined;
  /** The reason for which one of its jobs was rejected. */
  jobStop: DisconnectedError | undefined;
  values: EventValues | undefined;
}

/** The most that an event may save: bytes of JSON. */
const MOST_SAVED = 64 * 1024;

export class EventDelivery implements Delivery, JobOrigin {
  readonly update_id: number;
  readonly attempt: number;
  /**
   * Its generators that nobody reads end with it. True for a program, whose handlers begin anew with each update; the variables of an
   * application go on.
   */
  endsJobs = false;
  readonly #item: Pick<EventItem, "past">;
  #holder: DeliveryHolder | undefined;
  #extras: Extras | undefined;

  /** @param item the event as it came: what the event saves is written to it */
  constructor(update_id: number, attempt: number, item: Pick<EventItem, "past"> = {}) {
    this.update_id = update_id;
    this.attempt = attempt;
    this.#item = item;
  }

  // ---- for the application ----

  get signal(): AbortSignal {
    this.#more.isSignalRead = true;
    return this.jobSignal;
  }

  get ahead(): Promise<number> {
    return this.#extras?.newestJob?.ahead() ?? Promise.resolve(0);
  }

  waitUntil(work: PromiseLike<unknown>): void {
    if (this.#holder === undefined) {
      throw new DisconnectedError(`waitUntil() comes too late: update ${this.update_id} is settled`);
    }
    const extras = this.#more;
    extras.open += 1;
    Promise.resolve(work).then(
      () => this.#closed(),
      (error) => {
        extras.thrown ??= { error };
        this.#closed();
      },
    );
  }

  cancel(reason: unknown = new DOMException("the event was cancelled", "AbortError")): void {
    if (this.#holder === undefined || this.#extras?.aborted !== undefined) return;
    this.#more.isCancelled = true;
    this.abort(reason);
  }

  busy(action: ChatAction = "typing"): void {
    this.#holder?.busy(this, action);
  }

  get uncertain(): UncertainCall[] {
    const { uncertain = [] } = this.#item.past ?? {};
    return uncertain.map(({ method, body }) => ({ type: typeOf(method), ...JSON.parse(body) }));
  }

  get saved(): unknown {
    const { saved } = this.#item.past ?? {};
    return saved === undefined ? undefined : JSON.parse(saved);
  }

  save(value: unknown): void {
    const json = JSON.stringify(value);
    if (json === undefined) throw new TypeError("save() takes a value that can be written as JSON");
    const size = Buffer.byteLength(json);
    if (size > MOST_SAVED) throw new RangeError(`save() takes at most 64 KB of JSON, not ${Math.ceil(size / 1024)} KB`);
    if (this.#holder === undefined) {
      throw new DisconnectedError(`save() comes too late: update ${this.update_id} is settled`);
    }
    const { uncertain = [] } = this.#item.past ?? {};
    this.#item.past = { uncertain, saved: json };
    this.#holder.saved(this, json);
  }

  timeout(milliseconds: number): void {
    if (!(milliseconds > 0))
      throw new TypeError(`timeout(${milliseconds}): the limit is a number of milliseconds above 0`);
    if (this.#holder !== undefined) this.#limit(milliseconds);
  }

  // ---- for its instance ----

  /** The instance hands the event to its application. */
  begin(holder: DeliveryHolder): void {
    this.#holder = holder;
    if (holder.eventTimeout !== Number.POSITIVE_INFINITY) this.#limit(holder.eventTimeout);
  }

  /** Nothing more comes of the event. */
  end(): void {
    this.#holder = undefined;
    this.#extras?.clock?.stop();
    if (this.endsJobs) for (const job of this.#extras?.jobs ?? []) job.leave();
  }

  /** The reason for which its code was told to stop: by a job, or by the signal that it has asked for. */
  get stoppedBy(): unknown {
    const { jobStop, isSignalRead = false, aborted } = this.#extras ?? {};
    return jobStop ?? (isSignalRead ? aborted?.reason : undefined);
  }

  /** Aborts the signal, unless it is. */
  abort(reason: unknown): void {
    const extras = this.#more;
    if (extras.aborted !== undefined) return;
    extras.aborted = { reason };
    extras.inContext?.(() => extras.controller!.abort(reason));
    if (reason instanceof DisconnectedError) for (const job of extras.jobs ?? []) job.stop(reason);
  }

  get isUnsettled(): boolean {
    return this.#holder !== undefined;
  }

  /** True while promises given to waitUntil() are open. */
  get isOpen(): boolean {
    return this.#extras !== undefined && this.#extras.open > 0;
  }

  /** The first rejection of the work. */
  get thrown(): Thrown | undefined {
    return this.#extras?.thrown;
  }

  /** The limit in force: ms; 0 without one, and while the clock stands. */
  get limit(): number {
    return this.#extras?.clock?.limit ?? 0;
  }

  /** True once its time limit was over. */
  get isLate(): boolean {
    return this.#extras?.isLate === true;
  }

  /** True if the application cancelled the event, and that error is the consequence. */
  isCancelledBy(error: unknown): boolean {
    const { isCancelled = false, aborted } = this.#extras ?? {};
    return isCancelled && (error === aborted?.reason || (error instanceof Error && error.name === "AbortError"));
  }

  // ---- for the stored values ----

  /** The stored values that its code uses. */
  get values(): EventValues {
    const extras = this.#more;
    extras.values ??= new EventValues();
    return extras.values;
  }

  /** The values that its code has stored, for its settlement; undefined without any. */
  writes(seq: number, line: string): StoredWrite[] | undefined {
    return this.#extras?.values?.writes(seq, line);
  }

  // ---- for its jobs and calls ----

  get jobSignal(): AbortSignal {
    const extras = this.#more;
    extras.controller ??= new AbortController();
    extras.inContext ??= bindToContext();
    if (extras.aborted !== undefined) extras.controller.abort(extras.aborted.reason);
    return extras.controller.signal;
  }

  get line(): string {
    return this.#holder?.key ?? "";
  }

  pause(): void {
    this.#more.pauses += 1;
    this.#more.clock?.pause();
  }

  resume(): void {
    this.#more.pauses -= 1;
    this.#more.clock?.resume();
  }

  made(job: EventJob): void {
    const extras = this.#more;
    extras.jobs ??= new Set();
    const { jobs } = extras;
    extras.newestJob = job;
    jobs.add(job);
    const reason = extras.aborted?.reason;
    if (reason instanceof DisconnectedError) job.stop(reason);
    void job.over.then(() => jobs.delete(job));
  }

  goesOn(): void {
    this.#holder?.goesOn(this);
  }

  jobStopped(reason: DisconnectedError): void {
    this.#more.jobStop ??= reason;
  }

  get #more(): Extras {
    this.#extras ??= {
      open: 0,
      thrown: undefined,
      controller: undefined,
      inContext: undefined,
      isSignalRead: false,
      aborted: undefined,
      isCancelled: false,
      isLate: false,
      pauses: 0,
      clock: undefined,
      newestJob: undefined,
      jobs: undefined,
      jobStop: undefined,
      values: undefined,
    };
    return this.#extras;
  }

  #closed(): void {
    const extras = this.#more;
    extras.open -= 1;
    if (extras.open === 0) this.#holder?.workOver(this);
  }

  #limit(milliseconds: number): void {
    const extras = this.#more;
    extras.clock ??= new EventClock(extras.pauses);
    extras.clock.start(milliseconds, () => this.#onLate(milliseconds));
    this.#holder!.limited(this);
  }

  #onLate(milliseconds: number): void {
    const error = new DOMException(`the event took longer than ${milliseconds / 1000} s`, "TimeoutError");
    this.#extras!.isLate = true;
    this.abort(error);
    this.#extras!.clock!.start(LIMIT_GRACE, () => this.#holder?.overdue(this, error));
  }
}
