/** The meaning of a failure of the database: it passes and the work is done again, or it is an InboxError with a remedy. */

import { InboxError } from "../../protocol/errors.ts";
import { PasswordError } from "./password.ts";

/** The connection was given up because nothing was answered in time. */
export class NoAnswerError extends Error {
  readonly code = "ETIMEDOUT";
}

/** A file of the address cannot be read. It may be about to be replaced. */
export class AddressFileError extends Error {
  readonly code = "EFILE";
}

/** No host of the address takes writes. */
export class NoPrimaryError extends Error {
  readonly code = "25006";
}

/** The role of the address lacks a right that it will need. */
export class NoRightsError extends Error {
  readonly code = "42501";
}

/**
 * SQLSTATE classes and codes of failures that pass: connection, transaction to be repeated, resources (a full disk, too many
 * connections), an operator's intervention (shutdown, start, cancelled), a disk that does not answer, a server that has become a standby, a
 * transaction that the server gave up because its next message was late (transaction.ts).
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const PASSING = /^(?:08|40|53|57|58|25006|25P03|55P03|XX000$)/;

/** Refused log-ins: the password may be the one before its change, or the role is about to be made. */
const REFUSED = /^28/;

/** A statement that the connection has not prepared, or has already: a pooler gave it another server connection. */
const POOLED = new Set(["26000", "42P05"]);

interface DatabaseFailure extends Error {
  readonly code?: string;
}

/** @param isOpen the database was in use before: what refuses the log-in now passes, too */
export function isPassing(error: unknown, isOpen = true): boolean {
  const { code } = error as DatabaseFailure;
  if (error instanceof InboxError) return false;
  if (error instanceof PasswordError) return isOpen;
  if (!isSqlState(code)) return isNetwork(error as DatabaseFailure);
  return PASSING.test(code) || POOLED.has(code) || (isOpen && REFUSED.test(code));
}

/** True if the transaction is to be repeated on the same connection. */
export function isConflict(error: unknown): boolean {
  return (error as DatabaseFailure).code?.startsWith("40") === true;
}

export function isPooled(error: unknown): boolean {
  return POOLED.has((error as DatabaseFailure).code ?? "");
}

/** @param where the address as it is shown */
export function inboxError(error: unknown, where: string): InboxError {
  if (error instanceof InboxError) return error;
  const { message, code = "" } = error as DatabaseFailure;
  if (error instanceof PasswordError) return new InboxError(`the inbox in ${where}: ${message}`, { cause: error });
  return new InboxError(`the inbox in ${where} ${wordsFor(code, message)}`, { cause: error });
}

function wordsFor(code: string, message: string): string {
  switch (code) {
    case "28P01":
    case "28000":
      return message.includes("no encryption") || message.includes("SSL off")
        ? `refuses a connection without TLS: add ?sslmode=verify-full to its address`
        : `refuses the log-in: ${message}; check user and password (--inbox-password-file, --inbox-password-command, PGPASSFILE)`;
    case "3D000":
      return `does not exist: ${message}; create the database, or correct its name`;
    case "42501":
      return `cannot be used: ${message}; grant the right, or run asgigram inbox migrate once as a role that may`;
    case "25006":
      return `cannot be written: ${message}; name the primary, or all hosts as host1,host2`;
    case "42P01":
    case "3F000":
      return `has lost its tables: ${message}`;
    case "53300":
      return `has no connection left: ${message}; asgigram needs four for each server`;
    case "53100":
      return `cannot be written: the disk of the database is full`;
    case "EFILE":
      return `cannot be used: ${message}`;
  }
  if (code.startsWith("ERR_OSSL")) {
    return `cannot be used: ${message}; are the files that sslrootcert, sslcert and sslkey name PEM?`;
  }
  if (/certificate|altname/i.test(message)) {
    return `has a certificate that is not trusted: ${message}; name the file of its authority with sslrootcert`;
  }
  if (isNetwork({ message, code } as DatabaseFailure)) {
    return `cannot be reached: ${message || code}; is the database running, and is its address right?`;
  }
  return `failed: ${message}`;
}

function isSqlState(code: string | undefined): code is string {
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith("E");
}

/** Errors of the connection: those of the system, and those of `pg`, which have no code. */
function isNetwork({ message, code }: DatabaseFailure): boolean {
  if (code !== undefined && /^E[A-Z_]+$/.test(code)) return true;
  return /connection (?:terminated|ended)|timeout|not queryable|closed the connection|was closed/i.test(message);
}
