/** The calls of the workers: each goes through the outbox, and its outcome is posted to the worker that made it. */

import type { Transferable } from "node:worker_threads";
import { NetworkError } from "../protocol/errors.ts";
import { failureOf } from "../protocol/failure.ts";
import { placeOf } from "../protocol/place.ts";
import type { Answer, Call, DownloadedFile, Place, ToMain, ToWorker } from "../protocol/port.ts";
import { UNKNOWN } from "../protocol/recorded-call.ts";
import type { ChatActions } from "./chat-actions.ts";
import type { CallingEvent, Entry, Journal } from "./journal.ts";
import type { Outbox } from "./outbox.ts";
import type { Sending } from "./sending.ts";
import { releaseFiles, watchStreams } from "./upload-streams.ts";

/** The worker that made a call. Answers to a dead worker are dropped. */
export interface CallingWorker {
  readonly number: number;
  push(item: ToWorker, transfer?: readonly Transferable[]): void;
}

/** The event that the caller's instance held; its scope alone if it held none. */
export interface CallOrigin extends Place {
  readonly seq?: number;
  /** Number of its delivery. */
  readonly attempts?: number;
}

interface CallFields extends Place {
  readonly worker: number;
  readonly method: string;
  readonly lane: string | undefined;
}

export interface WorkerCallsOptions {
  outbox: Pick<Outbox, "post">;
  chatActions: Pick<ChatActions, "begin" | "called" | "uploaded">;
  journal: Pick<Journal<WorkerCall>, "called" | "answered" | "failed" | "saved">;
  /** Calls that were sent, and whose answers are not known, are made again, or rejected. */
  uncertain: "repeat" | "reject";
  /** A call was posted: the outbox is to send it at the end of the turn. */
  onPosted(): void;
  /** The posted event of that number; undefined if it is settled. */
  posted(worker: number, seq: number): CallOrigin | undefined;
  /** Observes a call. @returns is called when the call is over, with its error if it failed; undefined if nothing listens */
  observe(worker: number, call: Call, origin: CallOrigin | undefined): ((error?: unknown) => void) | undefined;
  log: {
    isLevelEnabled(level: "trace"): boolean;
    trace(fields: CallFields, message: string): void;
    info(fields: CallFields & { error: string }, message: string): void;
  };
}

export class WorkerCalls {
  readonly #options: WorkerCallsOptions;

  constructor(options: WorkerCallsOptions) {
    this.#options = options;
  }

  /** Takes a call that a worker posted. */
  call(worker: CallingWorker, { id, call, from, others }: Extract<ToMain, { type: "call" }>): void {
    // Found now: the event may be settled when the answer comes.
    const origin = typeof from === "string" ? { scope: from } : this.#options.posted(worker.number, from);
    if (call.files !== undefined) watchStreams(call.files);
    const kept = others?.filter((seq) => this.#options.posted(worker.number, seq) !== undefined);
    if (typeof from === "number") this.#options.chatActions.called(from, call);
    const entry = this.#options.journal.called(worker, call, eventOf(origin), kept);
    const sending = new WorkerCall(worker, id, call, origin, entry, this.#options);
    if (entry === undefined || !this.#isAnswered(sending, entry)) {
      sending.begin();
      this.#options.outbox.post(sending);
    }
    this.#options.onPosted();
  }

  /** The code of an event saves its state. */
  saved({ number }: CallingWorker, { seq, json }: Extract<ToMain, { type: "saved" }>): void {
    if (this.#options.posted(number, seq) !== undefined) this.#options.journal.saved(seq, json);
  }

  /** The application is busy at an event. */
  busy({ number }: CallingWorker, item: Extract<ToMain, { type: "busy" }>): void {
    this.#options.chatActions.begin(number, item);
  }

  /** @returns true if an earlier delivery of the event made the call, and it is not to be made again */
  #isAnswered(sending: WorkerCall, entry: Entry<WorkerCall>): boolean {
    const { answer, isRepeatable, isTold, sending: earlier } = entry;
    if (earlier !== undefined && !answer) {
      earlier.join(sending);
      return true;
    }
    // An answer that was lost after the event was posted: the call comes too late to join.
    if (answer === UNKNOWN && (!isTold || this.#options.uncertain === "reject")) {
      entry.isTold = true;
      sending.refuse(
        new NetworkError(sending.call.method, "unknown", "it was sent before, and its answer is not known"),
        false,
      );
      return true;
    }
    if (!answer || isRepeatable) return false;
    sending.answer(answer);
    return true;
  }
}

/** A posted event has both numbers. */
function eventOf(origin: CallOrigin | undefined): CallingEvent | undefined {
  return origin?.seq === undefined ? undefined : (origin as CallingEvent);
}

export class WorkerCall implements Sending {
  call: Call;
  readonly #worker: CallingWorker;
  readonly #id: number;
  readonly #origin: CallOrigin | undefined;
  /** Its record in the journal. */
  readonly #entry: Entry<WorkerCall> | undefined;
  readonly #options: WorkerCallsOptions;
  /** Tells the observer that the call is over; undefined if nothing observes. */
  #onOver: ((error?: unknown) => void) | undefined;
  #isDelayed = false;
  /** Equal calls of later deliveries, which get its outcome. */
  #joined: WorkerCall[] | undefined;

  constructor(
    worker: CallingWorker,
    id: number,
    call: Call,
    origin: CallOrigin | undefined,
    entry: Entry<WorkerCall> | undefined,
    options: WorkerCallsOptions,
  ) {
    this.call = call;
    this.#worker = worker;
    this.#id = id;
    this.#origin = origin;
    this.#entry = entry;
    this.#options = options;
  }

  /** It is about to go out. */
  begin(): void {
    if (this.#entry !== undefined) this.#entry.sending = this;
    this.#onOver = this.#options.observe(this.#worker.number, this.call, this.#origin);
  }

  /** An equal call of a later delivery is not made: it gets the outcome of this one. */
  join(other: WorkerCall): void {
    this.#joined ??= [];
    this.#joined.push(other);
    if (this.#isDelayed) other.delayed();
  }

  /** By default a call outside an event is bulk: its origin is a scope alone. */
  get isBulk(): boolean {
    return this.call.bulk ?? (this.#origin !== undefined && this.#origin.seq === undefined);
  }

  succeeded(answer: Answer): void {
    this.#onOver?.();
    if (this.#entry !== undefined && typeof answer === "string") this.#options.journal.answered(this.#entry, answer);
    this.answer(answer);
  }

  failed(error: unknown, isGivenUp = false): void {
    this.#onOver?.(error);
    const recorded = this.#entry && this.#options.journal.failed(this.#entry, error);
    if (recorded === undefined) this.refuse(error, isGivenUp);
    else this.answer(recorded);
  }

  /** Posts the answer. */
  answer(answer: Answer): void {
    const { log, chatActions } = this.#options;
    const { files } = this.call;
    const id = this.#id;
    const seq = this.#origin?.seq;
    if (files !== undefined) releaseFiles(files);
    if (files !== undefined && seq !== undefined) chatActions.uploaded(seq, this.call);
    if (log.isLevelEnabled("trace")) log.trace(this.#fields, "a call succeeded");
    if (typeof answer === "string") this.#worker.push({ type: "result", id, body: answer });
    else this.#worker.push({ type: "file", id, file: answer }, transferIn(answer));
    for (const call of this.#joined ?? []) call.answer(answer);
  }

  /** Posts the error. */
  refuse(error: unknown, isGivenUp: boolean): void {
    const { method, files } = this.call;
    if (files !== undefined) releaseFiles(files);
    if (!isGivenUp) this.#options.log.info({ ...this.#fields, error: (error as Error).message }, "a call failed");
    this.#worker.push({ type: "failure", id: this.#id, error: failureOf(error, method) });
    for (const call of this.#joined ?? []) call.refuse(error, isGivenUp);
  }

  /** Tells the worker once: the clock of the call's event stands until the answer. */
  delayed(): void {
    if (this.#isDelayed) return;
    this.#isDelayed = true;
    this.#worker.push({ type: "delayed", id: this.#id });
    for (const call of this.#joined ?? []) call.delayed();
  }

  /** Lets go of the body and the files. */
  superseded(): void {
    const { files, ...call } = this.call;
    if (files !== undefined) releaseFiles(files);
    this.call = { ...call, body: "" };
  }

  get #fields(): CallFields {
    const { method, lane } = this.call;
    return { worker: this.#worker.number, method, lane, ...placeOf(this.#origin) };
  }
}

/** Objects of a file that are transferred instead of copied. */
function transferIn(file: DownloadedFile): Transferable[] {
  if ("bytes" in file) return [file.bytes.buffer];
  return "port" in file ? [file.port] : [];
}
