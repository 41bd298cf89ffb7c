/**
 * Every error that asgigram raises. They have one base class, a stable `code` each, and keep their `cause`. A message
 * names the bad value and the remedy, never the bot token.
 */

/** The base class of all errors of asgigram: `error instanceof AsgigramError`, then switch on `error.code`. */
export abstract class AsgigramError extends Error {
  abstract readonly code: `ASGIGRAM_${string}`;

  override get name(): string {
    return this.constructor.name;
  }

  /** Server and bot may load separate copies of this package, so errors are compared by name. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    try {
      if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
      const { code, name } = (value ?? {}) as { code?: unknown; name?: unknown };
      const isOurs = typeof code === "string" && code.startsWith("ASGIGRAM_");
      return isOurs && (this === AsgigramError || name === this.name);
    } catch {
      // Any value can be thrown, even an object whose getters throw.
      return false;
    }
  }
}

// ---- raised in the application, by receive() and send() -------------------------------------------------------------

/** The argument of `send` is no event of this protocol. Nothing was sent. */
export class InvalidEventError extends AsgigramError {
  readonly code = "ASGIGRAM_INVALID_EVENT";
  /** Path of the wrong key (`reply_markup.inline_keyboard[0]`); undefined if the event as a whole is wrong. */
  readonly key: string | undefined;
  constructor(message: string, key?: string, options?: ErrorOptions) {
    super(message, options);
    this.key = key;
  }
}

/** `send` or `receive` was called after `telegram.disconnect`, or after the application had returned. */
export class DisconnectedError extends AsgigramError {
  readonly code = "ASGIGRAM_DISCONNECTED";
}

/** `receive` was called while an earlier call was still waiting. */
export class ReceiveError extends AsgigramError {
  readonly code = "ASGIGRAM_RECEIVE";
}

/** Parameters of an error of the Bot API (https://core.telegram.org/bots/api#responseparameters). */
export interface ResponseParameters {
  migrate_to_chat_id?: number;
  /** Seconds. */
  retry_after?: number;
}

/** Telegram answered with an error (https://core.telegram.org/bots/api#making-requests). */
export class TelegramError extends AsgigramError {
  readonly code = "ASGIGRAM_TELEGRAM";
  /** The Bot API's name of the method: `sendMessage`. */
  readonly method: string;
  readonly error_code: number;
  readonly description: string;
  readonly parameters: ResponseParameters;
  constructor(method: string, error_code: number, description: string, parameters: ResponseParameters = {}) {
    super(`${method}: ${error_code} ${description}`);
    this.method = method;
    this.error_code = error_code;
    this.description = description;
    this.parameters = parameters;
  }

  /** `"unknown"` for a 5xx: Telegram may have carried out the call in spite of it. `"none"` for any other error. */
  get delivery(): CallDelivery {
    return this.error_code >= 500 ? "unknown" : "none";
  }
}

/**
 * Delivery of a failed call:
 * - `"none"`: Telegram did not carry it out. Without an answer, that means that it never left this machine, and can
 *   safely be repeated.
 * - `"unknown"`: Telegram may have carried it out. Without an answer, the connection broke after the request had gone
 *   out.
 */
export type CallDelivery = "none" | "unknown";

/** A call of the Bot API got no answer, or an answer that could not be read. */
export class NetworkError extends AsgigramError {
  readonly code = "ASGIGRAM_NETWORK";
  readonly method: string;
  readonly delivery: CallDelivery;
  /** The cause in a word or two: `ECONNREFUSED`. */
  readonly reason: string;
  constructor(method: string, delivery: CallDelivery, reason: string, options?: ErrorOptions) {
    const known = delivery === "none" ? "it was not sent" : "it is not known whether Telegram carried it out";
    super(`${method}: ${reason} (${known})`, options);
    this.method = method;
    this.delivery = delivery;
    this.reason = reason;
  }
}

/**
 * A file to upload could not be read to its end or is too large, so the call was not carried out; or a file could not
 * be downloaded.
 */
export class FileError extends AsgigramError {
  readonly code = "ASGIGRAM_FILE";
  readonly method: string;
  /** Path of the file in the event: `media[0].media`. */
  readonly key: string;
  /** The problem with the file. */
  readonly reason: string;
  /** Telegram carries out no call whose upload is incomplete. */
  readonly delivery = "none" satisfies CallDelivery;
  constructor(method: string, key: string, reason: string, options?: ErrorOptions) {
    super(`${method}: "${key}": ${reason}`, options);
    this.method = method;
    this.key = key;
    this.reason = reason;
  }
}

/** `delivery()` was called outside an event, without an event as its argument. */
export class NoDeliveryError extends AsgigramError {
  readonly code = "ASGIGRAM_NO_DELIVERY";
}

/** The key of a stored value belongs to another line, and the storage refuses such keys. */
export class ForeignKeyError extends AsgigramError {
  readonly code = "ASGIGRAM_FOREIGN_KEY";
}

/** Too many jobs wait for the module's heavy threads. The job was not started. */
export class QueueFullError extends AsgigramError {
  readonly code = "ASGIGRAM_QUEUE_FULL";
}

/** The heavy thread or child process died while it ran the job. */
export class JobCrashedError extends AsgigramError {
  readonly code = "ASGIGRAM_JOB_CRASHED";
}

// ---- thrown by applications ------------------------------------------------------------------------------------------

/**
 * Thrown at an event, it makes the server try the event again later instead of making a dead letter of it. The events of its chat wait
 * behind it. For a failure that will pass: a database that is away.
 */
export class RetryLater extends AsgigramError {
  readonly code = "ASGIGRAM_RETRY_LATER";
  /** Milliseconds until the next attempt; undefined: 0.1 s, doubling with each attempt up to 60 s. */
  readonly after: number | undefined;
  constructor({ after, message, ...options }: { after?: number; message?: string } & ErrorOptions = {}) {
    if (after !== undefined && !(after >= 0))
      throw new TypeError(`RetryLater: after is ${after}, not a number of milliseconds`);
    super(message ?? (after === undefined ? "try this event later" : `try this event in ${after / 1000} s`), options);
    this.after = after;
  }
}

// ---- raised by the server before or instead of running --------------------------------------------------------------

/** An option, its environment variable or its line in the configuration file cannot be used. */
export class ConfigError extends AsgigramError {
  readonly code = "ASGIGRAM_CONFIG";
}

/** The application could not be imported, or the imported value is no application. */
export class ApplicationLoadError extends AsgigramError {
  readonly code = "ASGIGRAM_APPLICATION_LOAD";
}

/** The application answered `lifespan.startup.failed`, or failed while `--lifespan on` required it to start. */
export class StartupFailedError extends AsgigramError {
  readonly code = "ASGIGRAM_STARTUP_FAILED";
}

/**
 * Telegram does not know the bot token (401 or 404 on getMe), or this Bot API server does not serve the bot (421, or
 * 400 after logOut).
 */
export class TokenRejectedError extends AsgigramError {
  readonly code = "ASGIGRAM_TOKEN_REJECTED";
}

/** The bot's updates go elsewhere: a webhook is set, or another process polls (409). */
export class ConflictError extends AsgigramError {
  readonly code = "ASGIGRAM_CONFLICT";
  readonly kind: "webhook" | "poller";
  constructor(kind: "webhook" | "poller", message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The inbox file cannot be opened, read or written, or another process holds it. */
export class InboxError extends AsgigramError {
  readonly code = "ASGIGRAM_INBOX";
}

/** The address to listen on is in use, or is no address of this machine. */
export class ListenError extends AsgigramError {
  readonly code = "ASGIGRAM_LISTEN";
}

/** A thread could not be ended. Its process has to be killed. */
export class ThreadStuckError extends AsgigramError {
  readonly code = "ASGIGRAM_THREAD_STUCK";
}

/** A worker thread could not be kept running. */
export class WorkerError extends AsgigramError {
  readonly code = "ASGIGRAM_WORKER";
}
