/**
 * Decides what follows a failed call: another attempt, and when; a rejection; or the end of the server. The only place that
 * does. Pure: no clock, no I/O.
 */

import { backoff } from "../protocol/backoff.ts";
import {
  type AsgigramError,
  type CallDelivery,
  ConfigError,
  ConflictError,
  NetworkError,
  TelegramError,
  TokenRejectedError,
} from "../protocol/errors.ts";
import { LONGEST_TIMER } from "../protocol/longest-timer.ts";
import type { Call } from "../protocol/port.ts";
import { isRepeatable } from "../protocol/repeatable.ts";
import type { Again, CallVerdict } from "../protocol/verdict.ts";
import { ConnectError, ProxyRefusesUserError } from "./connect-error.ts";

/** The server cannot go on. */
type Stop = { action: "stop"; error: AsgigramError };

/** Attempts at a call that never got through; with `backoff` that is about four minutes. */
const MAX_ATTEMPTS = 20;
/** Attempts at a repeatable call that failed at the other end. */
const MAX_REPEATS = 5;

/** @param attempt attempts so far: 1 after the first failure */
export function judgeCall(error: unknown, call: Call, attempt: number): CallVerdict {
  if (call.coalesce !== undefined && isUnchanged(error)) return { action: "accept", answer: TRUE };
  const verdict = judgeAnyCall(error, call.method, attempt);
  // A stream that has been read cannot be sent again.
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
  if (isFaultOfServer(error) && isRepeatable(method) && attempt < MAX_REPEATS) {
    return { action: "again", after: backoff(attempt, 5000) };
  }
  return { action: "reject" };
}

/** The answer to a call that succeeded without a result of its own. */
const TRUE = '{"ok":true,"result":true}';

/** The message is already as the edit would make it, which only the text tells. */
function isUnchanged(error: unknown): boolean {
  return (
    error instanceof TelegramError && error.error_code === 400 && /message is not modified/i.test(error.description)
  );
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

/** A poll's history at its latest failure. */
export interface PollHistory {
  /** Polls in a row that failed, or came back at once with nothing new; this one included. Not SourceState.failures. */
  failures: number;
  /** Milliseconds since the first of the 409s that are less than a minute apart; 0 at the first. */
  conflictFor: number;
}

/** The time to wait for another poller or a webhook to end; at a deploy the old process may still be stopping: ms. */
export const CONFLICT_PATIENCE = 60_000;

/** Longest pause before the next attempt of the start, or after a 409: ms. An attempt begins within 2 s, TLS included. */
const SOON = 1200;

export function judgePoll(error: unknown, { failures, conflictFor }: PollHistory): Again | Stop {
  if (error instanceof TelegramError) {
    const { error_code } = error;
    if (isTokenRejected(error)) return { action: "stop", error: tokenRejected(error) };
    if (error_code === 429) return { action: "again", after: waitFor(error) };
    if (error_code === 409) return judgeConflict(error, failures, conflictFor);
  }
  return { action: "again", after: backoff(failures, 1000) };
}

/**
 * Judges a failed call of the start.
 * @param conflictFor milliseconds since the first 409
 */
export function judgeStart(error: unknown, attempt: number, conflictFor = 0): Again | Stop {
  // After the start this is a failure like any other: the proxy may be out of order.
  if (error instanceof NetworkError && error.cause instanceof ProxyRefusesUserError) {
    return { action: "stop", error: new ConfigError(error.cause.message, { cause: error }) };
  }
  if (error instanceof TelegramError) {
    if (isTokenRejected(error)) return { action: "stop", error: tokenRejected(error) };
    if (error.error_code === 429) return { action: "again", after: waitFor(error) };
    if (error.error_code === 409) return judgeConflict(error, attempt, conflictFor);
  }
  return { action: "again", after: backoff(attempt, SOON) };
}

function judgeConflict(error: TelegramError, attempt: number, conflictFor: number): Again | Stop {
  if (conflictFor >= CONFLICT_PATIENCE) return { action: "stop", error: conflict(error) };
  return { action: "again", after: backoff(attempt + 3, SOON) };
}

/** Judges a failed setWebhook or getWebhookInfo. */
export function judgeWebhook(error: unknown, attempt: number): Again | Stop {
  const verdict = judgeStart(error, attempt);
  const isRefused = error instanceof TelegramError && error.error_code === 400;
  // A name may be new to the domain name system.
  if (verdict.action === "stop" || !isRefused || /resolve/i.test(error.description)) return verdict;
  return {
    action: "stop",
    error: new ConfigError(`Telegram refuses the webhook: ${error.description}`, { cause: error }),
  };
}

function isTokenRejected(error: TelegramError): boolean {
  return error.error_code in REMEDIES || isLoggedOut(error);
}

/** The answer after logOut. Asking again would do harm: it logs the bot in once more, and its updates go there again. */
function isLoggedOut({ error_code, description }: TelegramError): boolean {
  return error_code === 400 && /\blogged out$/i.test(description);
}

function isFaultOfServer(error: unknown): boolean {
  return error instanceof NetworkError || (error instanceof TelegramError && error.error_code >= 500);
}

/** Telegram names whole seconds; without them, one second. */
function waitFor(error: TelegramError): number {
  return Math.min(LONGEST_TIMER, Math.max(1, error.parameters.retry_after ?? 1) * 1000);
}

const WRONG = "the token is wrong or has been revoked; @BotFather shows the current one. Also check --api-url";
const ELSEWHERE = "this Bot API server is not for that bot (its --filter names others); correct --api-url";
const LOGGED_OUT =
  "the bot is logged out of this Bot API server; name the one that it has moved to with --api-url. Ten minutes after logOut it may come back";

/** Remedies by error code. */
const REMEDIES: Record<number, string> = { 401: WRONG, 404: WRONG, 421: ELSEWHERE };

function tokenRejected(cause: TelegramError): TokenRejectedError {
  const { error_code, description } = cause;
  const remedy = REMEDIES[error_code] ?? LOGGED_OUT;
  return new TokenRejectedError(`Telegram does not accept the bot token (${error_code} ${description}): ${remedy}`, {
    cause,
  });
}

/** Tells the two meanings of 409 apart, which only its text does. */
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

// ---- undici's errors ---------------------------------------------------------------------------------------

export function deliveryOf(cause: unknown): CallDelivery {
  return cause instanceof ConnectError ? "none" : "unknown";
}

/** A short text for a message: the error code, where there is one. Never the request's path, which holds the token. */
export function reasonOf(cause: unknown): string {
  if (cause instanceof ConnectError) return cause.message;
  const { code, name } = (cause ?? {}) as { code?: unknown; name?: string };
  // An abort of `once` has this code; an abort of a request has none.
  if (typeof code === "string" && code !== "ABORT_ERR") {
    return UNKNOWN_CA.test(code) ? `${code} (NODE_EXTRA_CA_CERTS adds a CA of your own)` : code;
  }
  return name === "TimeoutError" || name === "AbortError" ? "no answer in time" : "no answer";
}

/** The certificate is signed by no trusted CA; a proxy that inspects TLS causes the same. */
const UNKNOWN_CA =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(?:GET_ISSUER_CERT|VERIFY_LEAF).*)$/;
