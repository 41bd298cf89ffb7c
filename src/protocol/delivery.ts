/** The delivery of an event: facts and functions that the server has and Telegram's object does not contain. */

import { NoDeliveryError } from "./errors.ts";
import type { ChatAction } from "./events.ts";
import { services } from "./services.ts";

/** A registered symbol: it is the same in every copy of this package that a process has loaded. */
const DELIVERY = Symbol.for("asgigram.delivery");

/** A call as the application made it: `{ type: "telegram.send_message", chat_id: 1, text: "…" }`. Of a file it has a fingerprint. */
export interface UncertainCall {
  readonly type: string;
  readonly [parameter: string]: unknown;
}

export interface Delivery {
  /** Telegram's identifier of the update. */
  readonly update_id: number;
  /**
   * Number of this delivery of the update, from 1. Above 1, a crash interrupted an earlier one, which may have had
   * effects.
   */
  readonly attempt: number;
  /**
   * Calls of earlier deliveries that Telegram may have carried out: a crash kept the answer from being recorded, or it was lost. They are
   * made again, or rejected (`--uncertain`). All other calls that this delivery repeats get the answer that is recorded.
   */
  readonly uncertain: readonly UncertainCall[];
  /** The value of the latest `save()`, in this delivery or an earlier one; undefined without one. */
  readonly saved: unknown;
  /**
   * Saves what the event's code has reached. A later delivery of the event has it as `saved`. It is recorded before any call that follows
   * goes out, and forgotten when the event is settled.
   * @param value is written as JSON, of at most 64 KB
   * @throws RangeError | TypeError | DisconnectedError if the event is settled already
   */
  save(value: unknown): void;
  /**
   * Aborted when the event is to be given up: with the reason of `cancel()`; with a TimeoutError at the time limit; with a
   * DisconnectedError when the server stops, the application is reloaded, or the chat moves. An event whose handler throws the
   * DisconnectedError, or an AbortError after it, is delivered again.
   */
  readonly signal: AbortSignal;
  /**
   * Number of heavy jobs that start before this event's newest job, which waits in the queue of offload(). 0 if it runs, or if there
   * is none.
   */
  readonly ahead: Promise<number>;
  /**
   * Keeps the event unsettled until the promise is over, while the chat's next events come. A rejection is a throw of the application:
   * the event becomes a dead letter. After a crash the event is delivered again. A chat may have 32 such events; then its next ones
   * wait.
   * @throws DisconnectedError if the event is settled already
   */
  waitUntil(work: PromiseLike<unknown>): void;
  /**
   * Aborts the signal. If the abort then escapes from the application or its `waitUntil()` work, the event is settled.
   * @param reason default: an AbortError
   */
  cancel(reason?: unknown): void;
  /**
   * Sets a time limit for the event, from now: at the limit its signal is aborted, and 5 s later it is a dead letter. Call it again to
   * renew the limit. The clock stands while a job waits for a heavy thread, and while Telegram makes a call wait.
   * @param milliseconds above 0
   * @throws TypeError
   */
  timeout(milliseconds: number): void;
  /**
   * Shows an action in the event's chat, again and again, until the event is settled or its first message to the chat is sent: also
   * while the code blocks its thread, and while files of that message are uploaded. It is not shown while Telegram makes the chat wait. A
   * second call replaces the action. Without effect for an event without a chat.
   * @param action default: `typing`
   */
  busy(action?: ChatAction): void;
}

/**
 * The delivery of the event whose code runs, in the handler of any library.
 * @throws NoDeliveryError outside an event
 */
export function delivery(): Delivery;
/** The delivery of a received event or of its update; undefined for events that are no update, and for a copy of an event. */
export function delivery(event: object): Delivery | undefined;
export function delivery(event?: object): Delivery | undefined {
  if (event !== undefined) return attachedTo(event) ?? services()?.deliveryOf(event);
  const here = services();
  const current = here?.currentDelivery();
  if (current !== undefined) return current;
  throw new NoDeliveryError(
    here === undefined
      ? "there is no delivery, as asgigram does not run this code: start it with asgigram, and in a test with serve()"
      : "delivery() was called outside an event: call it in an event's code, or pass the event to it",
  );
}

export function attachedTo(event: object): Delivery | undefined {
  return (event as { [DELIVERY]?: Delivery })[DELIVERY];
}

/** Attaches the delivery under a symbol, not enumerable: it is not copied, cloned or written as JSON. */
export function attachDelivery(event: object, value: Delivery): void {
  Object.defineProperty(event, DELIVERY, { value });
}
