/**
 * The contract between the server and an application: ASGI 3's three words (https://asgi.readthedocs.io), for Telegram.
 * docs/protocol.md is the same contract in prose.
 */

import type { Chat, User } from "@grammyjs/types";
import type { DownloadForm, IncomingEvent, MethodEvent, OutgoingType, ResultOf } from "./events.ts";

/** The version of this protocol that the server speaks: `scope.asgi.spec_version`. */
export const SPEC_VERSION = "1.0";

export interface AsgiVersions {
  /** The version of ASGI itself. */
  version: "3.0";
  /** The version of the Telegram (or lifespan) protocol. */
  spec_version: string;
}

/** What lifespan startup left for the instances of its worker thread; each scope gets a shallow copy. */
// biome-ignore lint/suspicious/noExplicitAny: the application decides what it keeps here, as with ASGI's own state
export type State = Record<string, any>;

export interface Extensions {
  /**
   * Aborted, with a DisconnectedError, when the instance is about to be dropped: what takes long can give up. An application
   * learns of a shutdown from this while it works, from `receive()` only when it asks. An event that it gives up by letting
   * the reason escape is delivered again by the next process.
   */
  readonly signal: AbortSignal;
}

interface TelegramScopeBase {
  type: "telegram";
  asgi: AsgiVersions;
  state: State;
  /** What this server offers beyond the protocol. */
  extensions: Extensions;
  /** Present where the instance serves one business connection's copy of a chat. */
  business_connection_id?: string;
  /** Present where the instance serves one guest query. */
  guest_query_id?: string;
}

/** A chat's instance: `chat` is the Telegram object of the event that created it, so some of its keys are optional. */
export interface ChatScope extends TelegramScopeBase {
  chat: Chat;
  user?: never;
}

/** A user's instance, for updates that belong to no chat (inline queries, payments, …). */
export interface UserScope extends TelegramScopeBase {
  user: User;
  chat?: never;
}

/** Who an application instance is for. Exactly one of `chat` and `user` is there. */
export type TelegramScope = ChatScope | UserScope;

/** The scope of the lifespan call, once per worker thread (https://asgi.readthedocs.io/en/latest/specs/lifespan.html). */
export interface LifespanScope {
  type: "lifespan";
  asgi: AsgiVersions;
  /** Filled by the application during startup. */
  state: State;
}

export type Scope = TelegramScope;

/** Resolves with the next event of the scope, and thereby settles the one before. */
export type Receive = () => Promise<IncomingEvent>;

/**
 * Carries out one method of the Bot API and resolves with its result. Rejects with `InvalidEventError`, `TelegramError`,
 * `NetworkError`, `FileError` or `DisconnectedError`. The event is copied before `send` returns and never changed; but bytes
 * in it are handed over, and streams in it are read.
 */
export type Send = <T extends OutgoingType, As extends DownloadForm = "bytes">(
  event: { type: T } & MethodEvent<T> & (T extends "telegram.download_file" ? { as?: As } : unknown),
) => Promise<ResultOf<T, As>>;

/** An ASGI 3 application, as far as Telegram scopes go. */
export type Application = (scope: TelegramScope, receive: Receive, send: Send) => Promise<void>;

export type LifespanIncoming = { type: "lifespan.startup" } | { type: "lifespan.shutdown" };
export type LifespanOutgoing =
  | { type: "lifespan.startup.complete" }
  | { type: "lifespan.startup.failed"; message?: string }
  | { type: "lifespan.shutdown.complete" }
  | { type: "lifespan.shutdown.failed"; message?: string };

/** An ASGI 3 application that answers lifespan events, too: narrow by `scope.type` first. */
export type LifespanApplication = (
  scope: TelegramScope | LifespanScope,
  receive: () => Promise<IncomingEvent | LifespanIncoming>,
  send: Send & ((event: LifespanOutgoing) => Promise<void>),
) => Promise<void>;

/** An ASGI 2 application: called with the scope, it returns the coroutine of the instance. */
export type Asgi2Application = (scope: TelegramScope) => (receive: Receive, send: Send) => Promise<void>;

/** An ASGI 2 application as a class: one object per scope. */
export type Asgi2Class = new (scope: TelegramScope) => { call(receive: Receive, send: Send): Promise<void> };
