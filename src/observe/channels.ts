/**
 * What happens in a server, told on channels of node:diagnostics_channel: whoever wants to know subscribes, in the main thread,
 * and metrics do the same. Where nobody listens nothing is told, and no message is made.
 *
 *   import { subscribe } from "asgigram/diagnostics"
 *   subscribe("asgigram:send", ({ method, outcome, duration }) => console.log(method, outcome, duration))
 *
 * A listener is called at once, on the server's way, and so must be quick; one that throws ends the process.
 */

import { channel, subscribe as listen, unsubscribe } from "node:diagnostics_channel";

/** The message on each channel. All times are milliseconds. */
export interface Messages {
  /** An update has been received, and is stored. */
  "asgigram:update": UpdateMessage;
  /** An event goes to its worker: the first time, or again after a crash. */
  "asgigram:delivery": DeliveryMessage;
  /** An event is settled for good, or will never be. */
  "asgigram:settled": SettledMessage;
  /** Something has been put with the dead letters. */
  "asgigram:dead-letter": DeadLetterMessage;
  /** A call that an application has made is answered, or given up. */
  "asgigram:send": SendMessage;
  /** A call is going to be made again, and nothing is known of that yet to the application. */
  "asgigram:retry": RetryMessage;
  /** A long poll is over. */
  "asgigram:poll": PollMessage;
  /** A worker thread is ready, gone or stalled. */
  "asgigram:worker": WorkerMessage;
}

/** What is in every message. */
export interface FromServer {
  /** Which server of this process: `RunningServer.id`. */
  readonly server: number;
}

/** An update on its way through the server. */
export interface EventFields extends FromServer {
  /** The inbox's number for it: the one name that an event has in all messages. */
  readonly seq: number;
  readonly update_id: number;
  /** `message`, `callback_query`, … */
  readonly kind: string;
  /** `chat:1`, `user:1`, … */
  readonly scope: string;
}

export interface UpdateMessage extends EventFields {}

export interface DeliveryMessage extends EventFields {
  readonly worker: number;
  /** 1 unless a crash interrupted an earlier one. */
  readonly attempt: number;
  /** Since the update was stored. */
  readonly wait: number;
}

export interface SettledMessage extends EventFields {
  readonly worker: number;
  readonly attempt: number;
  /**
   * `settled`: the application is done with it. `failed`: it threw. `condemned`: it has killed its worker too often. The last
   * two are dead letters now.
   */
  readonly outcome: "settled" | "failed" | "condemned";
  /** What the application threw. */
  readonly error?: string;
  /** Since it went to its worker; what the worker had before it is part of that. */
  readonly duration: number;
}

export interface DeadLetterMessage extends FromServer {
  readonly update_id: number | undefined;
  /** `failed`: the application threw at it. `condemned`: it killed its worker, or the process. `unreadable`: it is no update. */
  readonly cause: "failed" | "condemned" | "unreadable";
}

export interface SendMessage extends FromServer {
  readonly worker: number;
  /** The Bot API's name: `sendMessage`. */
  readonly method: string;
  /** What it was kept in order with: its destination chat. */
  readonly lane: string | undefined;
  /** The event that the application had in hand: its `seq`, and its scope. */
  readonly seq: number | undefined;
  readonly scope: string | undefined;
  /**
   * `ok`. `refused`: Telegram said no. `unknown`: Telegram may have carried it out. `unsent`: it certainly has not.
   */
  readonly outcome: "ok" | "refused" | "unknown" | "unsent";
  readonly error?: Error;
  /** Since the application made it: its turn, its repetitions and the answer are part of that. */
  readonly duration: number;
}

export interface RetryMessage extends FromServer {
  readonly method: string;
  /** How often it has been made. */
  readonly attempt: number;
  /** `refused`: Telegram has had too many (429). `failed`: no answer, or a 5xx. `moved`: the chat has become another. */
  readonly cause: "refused" | "failed" | "moved";
  /** Until it is made again. */
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
  /** `replaced`: it was told to finish, and another has its place. */
  readonly state: "ready" | "stalled" | "gone" | "replaced";
  /** Why it is gone, or is replaced. */
  readonly cause?: WorkerDeath | WorkerReplacement;
  readonly error?: Error;
}

/**
 * Why a worker is gone. `crash`: an error that nothing caught, or process.exit(). `memory`: its heap was full. `stall`: it was
 * stuck for --stall-timeout. `start`: the application could not be started again.
 */
export type WorkerDeath = "crash" | "memory" | "stall" | "start" | "other";

/** Why a worker is replaced: the application is loaded anew, or the option of that name has it so. */
export type WorkerReplacement = "reload" | "recycle-after" | "memory-limit";

/** @returns what ends the subscription */
export function subscribe<Name extends keyof Messages>(
  name: Name,
  listener: (message: Messages[Name]) => void,
): () => void {
  const heard = (message: unknown) => listener(message as Messages[Name]);
  listen(name, heard);
  return () => void unsubscribe(name, heard);
}

/** For those who tell: ask whether anybody listens before a message is made. */
export interface Outlet<Message> {
  readonly hasSubscribers: boolean;
  publish(message: Message): void;
}

function outlet<Name extends keyof Messages>(name: Name): Outlet<Messages[Name]> {
  return channel(name);
}

export const channels = {
  update: outlet("asgigram:update"),
  delivery: outlet("asgigram:delivery"),
  settled: outlet("asgigram:settled"),
  deadLetter: outlet("asgigram:dead-letter"),
  send: outlet("asgigram:send"),
  retry: outlet("asgigram:retry"),
  poll: outlet("asgigram:poll"),
  worker: outlet("asgigram:worker"),
};
