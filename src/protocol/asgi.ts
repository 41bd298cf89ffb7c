/**
 * The contract between the server and an application: scope, receive and send of ASGI 3 (https://asgi.readthedocs.io),
 * for Telegram. docs/protocol.md is the same contract in prose.
 */

import type { Chat, User } from "@grammyjs/types";
import type { DownloadForm, IncomingEvent, MethodEvent, OutgoingType, ResultOf } from "./events.ts";

/** The version of this protocol, which applications find in `scope.asgi.spec_version`. */
export const SPEC_VERSION = "1.0";

export interface AsgiVersions {
  /** The version of ASGI itself. */
  version: "3.0";
  /** The version of the Telegram (or lifespan) protocol. */
  spec_version: string;
}

/** Values that lifespan startup stored for the instances of its worker thread. Each scope gets a shallow copy. */
// biome-ignore lint/suspicious/noExplicitAny: the application decides what it keeps here, as with ASGI's own state
export type State = Record<string, any>;

export interface Extensions {
  /**
   * Aborted with a DisconnectedError when the instance is about to be dropped, so that long work can stop. While an
   * application works, only this signal tells it of a shutdown: `receive()` does so when it is called next. If the
   * application throws the signal's reason, the event at hand is not settled, and is delivered again.
   */
  readonly signal: AbortSignal;
}

interface TelegramScopeBase {
  type: "telegram";
  asgi: AsgiVersions;
  state: State;
  /** Features of this server beyond the protocol. */
  extensions: Extensions;
  /** Present if the instance serves a business connection's copy of a chat. */
  business_connection_id?: string;
  /** Present if the instance serves a guest query. */
  guest_query_id?: string;
}

/**
 * The scope of a chat's instance: `chat` is the Chat object of the event that created it, so some of its keys are
 * optional.
 */
export interface ChatScope extends TelegramScopeBase {
  chat: Chat;
  /** With `--line topic`: the `message_thread_id` of the topic that the instance serves. `send` answers there by default. */
  topic?: number;
  /** With `--line member`: the member of the group whom the instance serves. */
  member?: User;
  user?: never;
}

/** The scope of a user's instance, for updates that belong to no chat (inline queries, payments, …). */
export interface UserScope extends TelegramScopeBase {
  user: User;
  chat?: never;
  topic?: never;
  member?: never;
}

/** The chat or user that an application instance serves. Exactly one of `chat` and `user` is present. */
export type TelegramScope = ChatScope | UserScope;

/** The scope of a worker thread's lifespan (https://asgi.readthedocs.io/en/latest/specs/lifespan.html). */
export interface LifespanScope {
  type: "lifespan";
  asgi: AsgiVersions;
  /** The application stores values here during startup. */
  state: State;
}

export type Scope = TelegramScope;

/** Settles the event at hand, and resolves with the next event of the scope. */
export type Receive = () => Promise<IncomingEvent>;

/**
 * Calls a method of the Bot API and resolves with its result. Rejects with `InvalidEventError`, `TelegramError`,
 * `NetworkError`, `FileError` or `DisconnectedError`. `send` copies the event before it returns, and never changes it.
 * Exceptions: bytes in the event are moved (their buffer is empty afterwards), and streams in it are read.
 */
export type Send = <T extends OutgoingType, As extends DownloadForm = "bytes">(
  event: { type: T } & MethodEvent<T> & (T extends "telegram.download_file" ? { as?: As } : unknown),
) => Promise<ResultOf<T, As>>;

/** An ASGI 3 application that supports Telegram scopes only; `LifespanApplication` supports lifespan scopes, too. */
export type Application = (scope: TelegramScope, receive: Receive, send: Send) => Promise<void>;

export type LifespanIncoming = { type: "lifespan.startup" } | { type: "lifespan.shutdown" };
export type LifespanOutgoing =
  | { type: "lifespan.startup.complete" }
  | { type: "lifespan.startup.failed"; message?: string }
  | { type: "lifespan.shutdown.complete" }
  | { type: "lifespan.shutdown.failed"; message?: string };

/** An ASGI 3 application that answers lifespan events, too. It has to check `scope.type` first. */
export type LifespanApplication = (
  scope: TelegramScope | LifespanScope,
  receive: () => Promise<IncomingEvent | LifespanIncoming>,
  send: Send & ((event: LifespanOutgoing) => Promise<void>),
) => Promise<void>;

/** An ASGI 2 application: a function of the scope that returns the coroutine of the instance. */
export type Asgi2Application = (scope: TelegramScope) => (receive: Receive, send: Send) => Promise<void>;

/** An ASGI 2 application as a class: one object per scope. */
export type Asgi2Class = new (scope: TelegramScope) => { call(receive: Receive, send: Send): Promise<void> };
