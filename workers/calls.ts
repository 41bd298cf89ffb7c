/** The Bot API calls of this worker's instances: one object holds a call's id, its caller and its promise. */

import type { Transferable } from "node:worker_threads";
import type { Batch } from "../src/protocol/batch.ts";
import { NetworkError } from "../src/protocol/errors.ts";
import { callErrorOf } from "../src/protocol/failure.ts";
import type { Call, CallFailure, DownloadedFile, ToMain } from "../src/protocol/port.ts";
import type { Pulse } from "../src/protocol/pulse.ts";
import { hintFor, type StreamOwner } from "./encode.ts";

/** The event to which a call belongs. */
export interface CallEvent {
  readonly seq: number;
  readonly delivery: {
    readonly isUnsettled: boolean;
    readonly limit: number;
    /** The event's clock stands until resume(). Pauses are counted. */
    pause(): void;
    resume(): void;
  };
}

/** The instance that waits for the answer to a call. */
export interface Caller extends StreamOwner {
  /** The event that it holds. */
  readonly held: CallEvent | undefined;
  /** True while work at events that it has left is open. */
  readonly hasKept: boolean;
  /** The event that it holds, and those that it keeps. */
  readonly unsettled: readonly CallEvent[];
  /** One of its calls has its answer. */
  answered(): void;
}

interface WaitingCall {
  readonly id: number;
  readonly method: string;
  readonly caller: Caller;
  readonly event: CallEvent | undefined;
  /** Telegram makes it wait. */
  isDelayed: boolean;
  readonly answered: PromiseWithResolvers<unknown>;
}

/** A call's id is made of its place and of the number of calls before it, so a second answer finds no call. */
const PLACES = 2 ** 20;
const ROUND = 2 ** 32;

export class Calls {
  readonly #outbound: Batch<ToMain>;
  readonly #pulse: Pick<Pulse, "willWorkAt">;
  /**
   * Each call in a place that is free again when it is answered. A Map would do, but whenever it grows or tidies itself up it
   * leaves a table behind that keeps its members alive until V8 next collects the old generation.
   */
  readonly #waiting: (WaitingCall | undefined)[] = [];
  readonly #free: number[] = [];
  #made = 0;

  /** Number of calls without an answer. */
  get open(): number {
    return this.#waiting.length - this.#free.length;
  }

  constructor(outbound: Batch<ToMain>, pulse: Pick<Pulse, "willWorkAt">) {
    this.#outbound = outbound;
    this.#pulse = pulse;
  }

  /**
   * Resolves with the method's result, or with the file of a download. Rejects with a TelegramError, a NetworkError or a FileError;
   * the rejection may stay unhandled.
   * @param scope of the caller
   * @param event undefined outside an event
   */
  make(call: Call, scope: string, caller: Caller, event: CallEvent | undefined): Promise<unknown> {
    const place = this.#free.pop() ?? this.#waiting.length;
    this.#made = (this.#made + 1) % ROUND;
    const id = this.#made * PLACES + place;
    const answered = Promise.withResolvers<unknown>();
    this.#waiting[place] = { id, method: call.method, caller, event, isDelayed: false, answered };
    const from = event?.seq ?? scope;
    const item: ToMain = caller.hasKept
      ? { type: "call", id, call, from, others: numbersOf(caller.unsettled, event) }
      : { type: "call", id, call, from };
    this.#outbound.push(item, transferIn(call));
    return answered.promise;
  }

  /** @param body Telegram's answer: `{"ok":true,"result":…}` */
  succeeded(id: number, body: string): void {
    const waiting = this.#take(id);
    if (waiting === undefined) return;
    try {
      waiting.answered.resolve((JSON.parse(body) as { result: unknown }).result);
    } catch (cause) {
      reject(waiting, new NetworkError(waiting.method, "unknown", "the answer is no valid JSON", { cause }));
    }
  }

  downloaded(id: number, file: DownloadedFile): void {
    const waiting = this.#take(id);
    if (waiting === undefined) return;
    const { answered, caller } = waiting;
    answered.resolve("bytes" in file ? file.bytes : "path" in file ? file.path : caller.streams.down(file.port));
  }

  failed(id: number, failure: CallFailure): void {
    const waiting = this.#take(id);
    const isUnknownMethod = failure.name === "TelegramError" && failure.error_code === 404;
    if (waiting !== undefined) reject(waiting, callErrorOf(failure, isUnknownMethod ? hintFor(failure.method) : ""));
  }

  /** Telegram makes the call wait: the clock of its event stands until the answer. */
  delayed(id: number): void {
    const waiting = this.#waiting[id % PLACES];
    if (waiting?.id !== id || waiting.isDelayed) return;
    waiting.isDelayed = true;
    waiting.event?.delivery.pause();
  }

  #take(id: number): WaitingCall | undefined {
    const place = id % PLACES;
    const waiting = this.#waiting[place];
    if (waiting?.id !== id) return undefined;
    this.#waiting[place] = undefined;
    this.#free.push(place);
    if (waiting.isDelayed) waiting.event?.delivery.resume();
    // The code of a settled event may blame the event that its instance has now.
    const event = waiting.event?.delivery.isUnsettled ? waiting.event : waiting.caller.held;
    if (event !== undefined) this.#pulse.willWorkAt(event.seq, event.delivery.limit);
    waiting.caller.answered();
    return waiting;
  }
}

/** @returns the numbers of the events but for one */
function numbersOf(events: readonly CallEvent[], but: CallEvent | undefined): number[] {
  return events.filter((event) => event !== but).map(({ seq }) => seq);
}

/** Rejects a call. A rejection that the application does not wait for must not end the worker. */
function reject({ answered }: WaitingCall, error: Error): void {
  answered.promise.catch(() => {});
  answered.reject(error);
}

/** Objects of a call that are transferred instead of copied, each once. */
function transferIn({ files }: Call): Transferable[] | undefined {
  if (files === undefined) return undefined;
  const handed = files.flatMap(({ source }): Transferable[] => {
    if ("bytes" in source) return [source.bytes.buffer];
    return "port" in source ? [source.port] : [];
  });
  return [...new Set(handed)];
}
