/**
 * The origin of each call over HTTP: the update that the bot was handling, and the attempt. The server reports the end of a call of the
 * application; the calls over HTTP that it took are the oldest ones of its method and chat, or inline message, that no report has claimed.
 */

import type { CallLog, RecordedCall } from "../state/call-log.ts";
import type { CallReport } from "./bot-server.ts";

export interface CallOrigin {
  readonly update_id?: number;
  readonly worker: number;
  /** From 1: how often the call was made. */
  readonly attempt: number;
  /** Milliseconds with all waits and retries, at the last attempt. */
  readonly whole?: number;
}

/** Calls that wait for their report. Of some no report comes: chat actions that the server makes by itself, for example. */
const MOST = 5000;

export class CallOrigins {
  readonly #origins = new WeakMap<RecordedCall, CallOrigin>();
  /** By method and destination, in their order. */
  #unclaimed = new Map<string, RecordedCall[]>();
  #count = 0;
  readonly #calls: CallLog;
  #stopObserving: (() => void) | undefined;

  constructor(calls: CallLog) {
    this.#calls = calls;
  }

  /** Calls that come while this is off have no origin. */
  turn(isOn: boolean): void {
    this.#stopObserving?.();
    this.#stopObserving = isOn ? this.#calls.observe((call) => this.#add(call)) : undefined;
    this.forget();
  }

  of(call: RecordedCall): CallOrigin | undefined {
    return this.#origins.get(call);
  }

  /** @returns the calls over HTTP that the call took */
  claim({ method, lane, update_id, worker, outcome, duration }: CallReport): RecordedCall[] {
    const key = keyOf(method, destinationOf(lane));
    const waiting = this.#unclaimed.get(key) ?? [];
    const isLast = ({ status = 0 }: RecordedCall) => (outcome === "ok" ? status === 200 : isFinal(status));
    const last = waiting.findIndex(isLast);
    const open = waiting.findIndex(({ status }) => status === undefined);
    const claimed = waiting.splice(0, last >= 0 ? last + 1 : open >= 0 ? open : waiting.length);
    this.#count -= claimed.length;
    if (waiting.length === 0) this.#unclaimed.delete(key);
    for (const [index, call] of claimed.entries()) {
      const whole = index === claimed.length - 1 ? { whole: duration } : {};
      this.#origins.set(call, { ...(update_id !== undefined && { update_id }), worker, attempt: index + 1, ...whole });
    }
    return claimed;
  }

  /** No report comes for calls of a process that is gone. */
  forget(): void {
    this.#unclaimed = new Map();
    this.#count = 0;
  }

  #add(call: RecordedCall): void {
    if (this.#count >= MOST) this.forget();
    const { chat_id, inline_message_id } = call.parameters;
    const destination = chat_id ?? (inline_message_id === undefined ? "" : `inline:${inline_message_id}`);
    const key = keyOf(call.method, String(destination));
    const line = this.#unclaimed.get(key);
    if (line === undefined) this.#unclaimed.set(key, [call]);
    else line.push(call);
    this.#count += 1;
  }
}

const destinationOf = (lane = "") => (lane.startsWith("inline:") ? lane : lane.split("/")[0]!);

const keyOf = (method: string, destination: string) => `${method.toLowerCase()} ${destination}`;

/** A call without an answer, and one that is refused for the number of calls, is made again. */
const isFinal = (status: number) => status >= 200 && status < 499 && status !== 429;
