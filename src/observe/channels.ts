/**
 * The channels of node:diagnostics_channel on which the server publishes what happens. Subscribers run in the main thread;
 * the metrics are one of them. No message is made for a channel without subscribers.
 *
 *   import { subscribe } from "asgigram/diagnostics"
 *   subscribe("asgigram:send", ({ method, outcome, duration }) => console.log(method, outcome, duration))
 *
 * The server calls a listener synchronously, so a listener must be quick. A listener that throws ends the process.
 */

import { channel, subscribe as listen, unsubscribe } from "node:diagnostics_channel";
import type { JobFacts } from "../protocol/job-facts.ts";
import type { WorkerDeath, WorkerReplacement } from "../protocol/worker-causes.ts";

export type { WorkerDeath, WorkerReplacement };

/** The message on each channel. All times are milliseconds. */
export interface Messages {
  /** An update was received and stored. */
  "asgigram:received": ReceivedMessage;
  /** An event goes to a worker: for the first time, or again when the worker that had it is gone. */
  "asgigram:posted": PostedMessage;
  /** An event has ended: the application is done with it, or it is a dead letter. */
  "asgigram:settled": SettledMessage;
  /** A new dead letter. */
  "asgigram:dead-letter": DeadLetterMessage;
  /** A call of an application was answered or given up. */
  "asgigram:send": SendMessage;
  /** A call will be made again. The application does not know of it. */
  "asgigram:retry": RetryMessage;
  /** A long poll has ended. */
  "asgigram:poll": PollMessage;
  /** A worker thread is ready or stalled, has died or was replaced. */
  "asgigram:worker": WorkerMessage;
  /** A job of offload() has ended. */
  "asgigram:job": JobMessage;
}

/** The field of every message. */
export interface FromServer {
  /** `RunningServer.id`: there may be several servers in one process. */
  readonly server: number;
}

/** The fields of every message about an event. */
export interface EventFields extends FromServer {
  /** The inbox's number for the event: the same in all messages. */
  readonly seq: number;
  readonly update_id: number;
  /** `message`, `callback_query`, … */
  readonly kind: string;
  /** `chat:1`, `user:1`, … */
  readonly scope: string;
}

export interface ReceivedMessage extends EventFields {}

export interface PostedMessage extends EventFields {
  readonly worker: number;
  /** 1, and more after a crash, or after a throw that was followed by another attempt. */
  readonly attempt: number;
  /** Time since the update was stored. */
  readonly wait: number;
}

export interface SettledMessage extends EventFields {
  readonly worker: number;
  readonly attempt: number;
  /**
   * `settled`: the application is done with it. `failed`: the application threw. `dead_lettered`: it killed its worker too
   * often, or blocked it for longer than its time limit. An event with one of the last two is now a dead letter.
   */
  readonly outcome: "settled" | "failed" | "dead_lettered";
  /** The error that the application threw. */
  readonly error?: string;
  /** Time since the event was posted, including the worker's work on earlier events. */
  readonly duration: number;
}

export interface DeadLetterMessage extends FromServer {
  readonly update_id: number | undefined;
  /**
   * `failed`: the application threw. `worker_died`: the event killed its worker or the process. `timed_out`: it
   * blocked its worker for longer than its time limit. `unreadable`: not an update.
   */
  readonly cause: "failed" | "worker_died" | "timed_out" | "unreadable";
}

export interface SendMessage extends FromServer {
  readonly worker: number;
  /** The Bot API's name: `sendMessage`. */
  readonly method: string;
  /** The destination chat: calls with the same lane stay in order. */
  readonly lane: string | undefined;
  /** `seq` and scope of the event that the application was handling. */
  readonly seq: number | undefined;
  readonly scope: string | undefined;
  /** `ok`. `refused`: Telegram said no. `unknown`: Telegram may have carried it out. `unsent`: Telegram did not get it. */
  readonly outcome: "ok" | "refused" | "unknown" | "unsent";
  readonly error?: Error;
  /** Time since the application made the call, including its wait in the lane and its retries. */
  readonly duration: number;
}

export interface RetryMessage extends FromServer {
  readonly method: string;
  /** Times the call was made. */
  readonly attempt: number;
  /** `refused`: too many requests (429). `failed`: no answer, or a 5xx. `moved`: the chat has a new id. */
  readonly cause: "refused" | "failed" | "moved";
  /** Time until the call is made again. */
  readonly wait: number;
}

export interface PollMessage extends FromServer {
  readonly outcome: "updates" | "empty" | "failed";
  readonly updates: number;
  readonly error?: Error;
  readonly duration: number;
}

export interface WorkerMessage extends FromServer {
  readonly worker: number;
  /** `replaced`: it was told to end, and a new worker takes its place. */
  readonly state: "ready" | "stalled" | "died" | "replaced";
  /** Cause of the death or reason of the replacement. */
  readonly cause?: WorkerDeath | WorkerReplacement;
  readonly error?: Error;
}

export interface JobMessage extends FromServer, JobFacts {}

/** @returns a function that ends the subscription */
export function subscribe<Name extends keyof Messages>(
  name: Name,
  listener: (message: Messages[Name]) => void,
): () => void {
  const onMessage = (message: unknown) => listener(message as Messages[Name]);
  listen(name, onMessage);
  return () => void unsubscribe(name, onMessage);
}

/** A channel to publish on. Check `hasSubscribers` before making a message. */
export interface Publisher<Message> {
  readonly hasSubscribers: boolean;
  publish(message: Message): void;
}

function publisher<Name extends keyof Messages>(name: Name): Publisher<Messages[Name]> {
  return channel(name);
}

export const channels = {
  received: publisher("asgigram:received"),
  posted: publisher("asgigram:posted"),
  settled: publisher("asgigram:settled"),
  deadLetter: publisher("asgigram:dead-letter"),
  send: publisher("asgigram:send"),
  retry: publisher("asgigram:retry"),
  poll: publisher("asgigram:poll"),
  worker: publisher("asgigram:worker"),
  job: publisher("asgigram:job"),
};
