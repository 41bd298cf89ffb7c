/** A dead letter, as the application is told of it. */

import type { Send } from "./asgi.ts";
import type { UpdateEvent } from "./events.ts";
import { services } from "./services.ts";

/** An event that is not delivered again: `asgigram inbox` shows it. */
export interface DeadLetter {
  readonly event: UpdateEvent;
  /**
   * The thrown value, if the application threw; a TimeoutError at the event's time limit; a WorkerError if the event's worker, or the
   * whole process, died too often.
   */
  readonly error: unknown;
  /** Number of deliveries. */
  readonly attempts: number;
  /** As an instance's `send`: it fills in the chat, and the topic, of the event's scope. It rejects when the handler is over. */
  readonly send: Send;
}

/** The chat's next event waits for the handler's end, for 10 s at most. A throw is logged. */
export type DeadLetterHandler = (letter: DeadLetter) => unknown;

/**
 * Handles the dead letters of this worker, at most once each: to tell the user. It serves a bot of any library. A second call
 * replaces the handler. Call it when the application's module is loaded, or at lifespan startup. Without a server it has no effect.
 */
export function onDeadLetter(handler: DeadLetterHandler): void {
  services()?.onDeadLetter?.(handler);
}
