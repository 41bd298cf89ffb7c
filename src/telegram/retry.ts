/**
 * The one place that decides what a failed call means: again, and when; or rejected; or the end. Pure: no clock, no I/O.
 */

import {
  type AsgigramError,
  type CallDelivery,
  ConfigError,
  ConflictError,
  NetworkError,
  TelegramError,
  TokenRejectedError,
} from "../protocol/errors.ts";
import type { Call } from "../protocol/port.ts";
import type { Again, CallVerdict } from "../protocol/verdict.ts";
import { ConnectError, ProxyRefusesUserError } from "./connect-error.ts";

/** The server cannot go on. */
type Stop = { action: "stop"; error: AsgigramError };

/** What may be carried out twice without a difference: reading, and setting something to a value. */
const REPEATABLE = /^(?:get|set|edit|delete|answer|download)/;

/** Attempts at a call that never got through; with `backoff` that is about four minutes. */
const MAX_ATTEMPTS = 20;
/** Attempts at a repeatable call that failed at the other end. */
const MAX_REPEATS = 5;

/** Milliseconds before attempt n + 1: 100 doubling up to `most`, less up to a fifth so that many do not march in step. */
export function backoff(attempt: number, most: number, random = Math.random): number {
  return Math.min(most, 100 * 2 ** Math.min(attempt - 1, 20)) * (1 - random() / 5);
}

/** @param attempt how often the call has been made: 1 after its first failure */
export function judgeCall(error: unknown, call: Call, attempt: number): CallVerdict {
  const verdict = judgeAnyCall(error, call.method, attempt);
  // Whatever the reason, what has been read from a stream is gone.
  return verdict.action === "reject" || !isSpent(call) ? verdict : { action: "reject", error: notAgain(error) };
}

function judgeAnyCall(error: unknown, method: string, attempt: number): CallVerdict {
  if (error instanceof NetworkError && error.delivery === "none") {
    return attempt < MAX_ATTEMPTS ? { action: "again", after: backoff(attempt, 20_000) } : { action: "reject" };
  }
  if (error instanceof TelegramError && error.error_code === 429) {
    return { action: "again", after: waitFor(error), refused: true };
  }
  if (error instanceof TelegramError && error.parameters.migrate_to_chat_id !== undefined && attempt < MAX_REPEATS) {
    return { action: "redirect", chat_id: error.parameters.migrate_to_chat_id };
  }
  if (isFaultOfServer(error) && REPEATABLE.test(method) && attempt < MAX_REPEATS) {
    return { action: "again", after: backoff(attempt, 5000) };
  }
  return { action: "reject" };
}

function isSpent({ files = [] }: Call): boolean {
  return files.some(({ source }) => "port" in source && source.isSpent);
}

function notAgain(error: unknown): AsgigramError {
  const why = "not sent again: its stream has been read; bytes, a Blob or a path could have been";
  if (error instanceof NetworkError) {
    return new NetworkError(error.method, error.delivery, `${error.reason}; ${why}`, { cause: error.cause });
  }
  const { method, error_code, description, parameters } = error as TelegramError;
  return new TelegramError(method, error_code, `${description} (${why})`, parameters);
}

/** What is known of a poll's failures when it has just failed again. */
export interface PollHistory {
  /** Polls that have brought nothing since one did, this one included. */
  failures: number;
  /** Milliseconds since the first 409 of those that came with less than a minute in between; 0 at the first. */
  conflictFor: number;
}

/** How long another poller or a webhook is waited for, as at a deploy the old process may still be leaving: ms. */
export const CONFLICT_PATIENCE = 60_000;

/** Longest pause before a poll or a start is tried again, in ms: within 2 s of an outage's end, TLS included, it goes on. */
const SOON = 1200;

export function judgePoll(error: unknown, { failures, conflictFor }: PollHistory): Again | Stop {
  if (error instanceof TelegramError) {
    const { error_code } = error;
    if (isTokenRejected(error)) return { action: "stop", error: tokenRejected(error) };
    if (error_code === 429) return { action: "again", after: waitFor(error) };
    if (error_code === 409) {
      if (conflictFor >= CONFLICT_PATIENCE) return { action: "stop", error: conflict(error) };
      return { action: "again", after: backoff(failures + 3, SOON) };
    }
  }
  return { action: "again", after: backoff(failures, 1000) };
}

/** The calls made before there is anything to serve. */
export function judgeStart(error: unknown, attempt: number): Again | Stop {
  // Later on it is waited for as for any other failure: it may be the proxy that is not well.
  if (error instanceof NetworkError && error.cause instanceof ProxyRefusesUserError) {
    return { action: "stop", error: new ConfigError(error.cause.message, { cause: error }) };
  }
  if (error instanceof TelegramError) {
    if (isTokenRejected(error)) return { action: "stop", error: tokenRejected(error) };
    if (error.error_code === 429) return { action: "again", after: waitFor(error) };
  }
  return { action: "again", after: backoff(attempt, SOON) };
}

function isTokenRejected(error: TelegramError): boolean {
  return error.error_code in REMEDIES || isLoggedOut(error);
}

/** As after logOut. To ask again would be worse than useless: it logs the bot in once more, and its updates go there again. */
function isLoggedOut({ error_code, description }: TelegramError): boolean {
  return error_code === 400 && /\blogged out$/i.test(description);
}

function isFaultOfServer(error: unknown): boolean {
  return error instanceof NetworkError || (error instanceof TelegramError && error.error_code >= 500);
}

/** The longest that a timer can wait: ms. Anything longer it takes for nothing. */
const LONGEST = 2 ** 31 - 1;

/** Telegram names whole seconds; where it names none, one. */
function waitFor(error: TelegramError): number {
  return Math.min(LONGEST, Math.max(1, error.parameters.retry_after ?? 1) * 1000);
}

const WRONG = "the token is wrong or has been revoked; @BotFather shows the current one. Also check --api-url";
const ELSEWHERE = "this Bot API server is not for that bot (its --filter names others); correct --api-url";
const LOGGED_OUT =
  "the bot is logged out of this Bot API server; name the one that it has moved to with --api-url. Ten minutes after logOut it may come back";

/** By the code of the refusal. */
const REMEDIES: Record<number, string> = { 401: WRONG, 404: WRONG, 421: ELSEWHERE };

function tokenRejected(cause: TelegramError): TokenRejectedError {
  const { error_code, description } = cause;
  const remedy = REMEDIES[error_code] ?? LOGGED_OUT;
  return new TokenRejectedError(`Telegram does not accept the bot token (${error_code} ${description}): ${remedy}`, {
    cause,
  });
}

/** Which of the two meanings of 409 it is: only the text tells. */
export function conflictKind({ description }: TelegramError): "webhook" | "poller" {
  return /webhook/i.test(description) ? "webhook" : "poller";
}

function conflict(cause: TelegramError): ConflictError {
  const kind = conflictKind(cause);
  const message =
    kind === "webhook"
      ? "a webhook is set for this bot, so its updates go there; start with --delete-webhook to remove it"
      : "another process polls for this bot; only one may. Stop the other one, or give this one a bot of its own";
  return new ConflictError(kind, message, { cause });
}

// ---- what undici's errors say ---------------------------------------------------------------------------------------

export function deliveryOf(cause: unknown): CallDelivery {
  return cause instanceof ConnectError ? "none" : "unknown";
}

/** A short text for a message: the code where there is one. Never the request's path, which holds the token. */
export function reasonOf(cause: unknown): string {
  if (cause instanceof ConnectError) return cause.message;
  const { code, name } = (cause ?? {}) as { code?: unknown; name?: string };
  // What stops waiting for an event has a code, what stops waiting for an answer has none.
  if (typeof code === "string" && code !== "ABORT_ERR") {
    return UNKNOWN_CA.test(code) ? `${code} (NODE_EXTRA_CA_CERTS names a CA of one's own)` : code;
  }
  return name === "TimeoutError" || name === "AbortError" ? "no answer in time" : "no answer";
}

/** Nobody that is trusted has signed the certificate: so it is, too, where a proxy looks into what passes it. */
const UNKNOWN_CA =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(?:GET_ISSUER_CERT|VERIFY_LEAF).*)$/;
