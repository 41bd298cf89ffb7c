/** The calls of the workers: each goes through the outbox, and its outcome is posted to the worker that made it. */

import type { Transferable } from "node:worker_threads";
import { failureOf } from "../protocol/failure.ts";
import { placeOf } from "../protocol/place.ts";
import type { Answer, Call, DownloadedFile, Place, ToMain, ToWorker } from "../protocol/port.ts";
import type { ChatActions } from "./chat-actions.ts";
import type { Job } from "./job.ts";
import type { Outbox } from "./outbox.ts";
import { closeStreams, watchStreams } from "./upload-streams.ts";

/** The worker that made a call. Answers to a dead worker are dropped. */
export interface Caller {
  readonly number: number;
  push(item: ToWorker, transfer?: readonly Transferable[]): void;
}

/** The event that the caller's instance held; its scope alone if it held none. */
export interface CallOrigin extends Place {
  readonly seq?: number;
}

interface CallFields extends Place {
  readonly worker: number;
  readonly method: string;
  readonly lane: string | undefined;
}

export interface WorkerCallsOptions {
  outbox: Pick<Outbox, "post">;
  chatActions: Pick<ChatActions, "begin" | "called">;
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
  call(worker: Caller, { id, call, from }: Extract<ToMain, { type: "call" }>): void {
    // Found now: the event may be settled when the answer comes.
    const origin = typeof from === "string" ? { scope: from } : this.#options.posted(worker.number, from);
    if (call.files !== undefined) watchStreams(call.files);
    this.#options.outbox.post(new WorkerCall(worker, id, call, origin, this.#options));
    this.#options.onPosted();
    if (typeof from === "number") this.#options.chatActions.called(from, call);
  }

  /** The application is busy at an event. */
  busy({ number }: Caller, item: Extract<ToMain, { type: "busy" }>): void {
    this.#options.chatActions.begin(number, item);
  }
}

class WorkerCall implements Job {
  call: Call;
  readonly #worker: Caller;
  readonly #id: number;
  readonly #origin: CallOrigin | undefined;
  readonly #options: WorkerCallsOptions;
  readonly #isOver: ((error?: unknown) => void) | undefined;
  #isDelayed = false;

  constructor(worker: Caller, id: number, call: Call, origin: CallOrigin | undefined, options: WorkerCallsOptions) {
    this.call = call;
    this.#worker = worker;
    this.#id = id;
    this.#origin = origin;
    this.#options = options;
    this.#isOver = options.observe(worker.number, call, origin);
  }

  /** By default a call outside an event is bulk: its origin is a scope alone. */
  get isBulk(): boolean {
    return this.call.bulk ?? (this.#origin !== undefined && this.#origin.seq === undefined);
  }

  succeeded(answer: Answer): void {
    const { log } = this.#options;
    const id = this.#id;
    this.#isOver?.();
    if (log.isLevelEnabled("trace")) log.trace(this.#fields, "a call succeeded");
    if (typeof answer === "string") this.#worker.push({ type: "result", id, body: answer });
    else this.#worker.push({ type: "file", id, file: answer }, transferIn(answer));
  }

  failed(error: unknown, isGivenUp = false): void {
    const { method, files } = this.call;
    this.#isOver?.(error);
    if (files !== undefined) closeStreams(files);
    if (!isGivenUp) this.#options.log.info({ ...this.#fields, error: (error as Error).message }, "a call failed");
    this.#worker.push({ type: "failure", id: this.#id, error: failureOf(error, method) });
  }

  /** Tells the worker once: the clock of the call's event stands until the answer. */
  delayed(): void {
    if (this.#isDelayed) return;
    this.#isDelayed = true;
    this.#worker.push({ type: "delayed", id: this.#id });
  }

  /** Lets go of the body and the files. */
  superseded(): void {
    const { files, ...call } = this.call;
    if (files !== undefined) closeStreams(files);
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
