/**
 * Every error that a user of asgigram can meet. One base class, one stable `code` each, `cause` kept. A message names the
 * bad value and the remedy, and never the bot token.
 */

/** The base of all of them: `error instanceof AsgigramError`, then switch on `error.code`. */
export abstract class AsgigramError extends Error {
  abstract readonly code: `ASGIGRAM_${string}`;

  override get name(): string {
    return this.constructor.name;
  }

  /** A server that is installed globally and a bot's own copy of the package have each their classes: names settle it. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    try {
      if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
      const { code, name } = (value ?? {}) as { code?: unknown; name?: unknown };
      const isOurs = typeof code === "string" && code.startsWith("ASGIGRAM_");
      return isOurs && (this === AsgigramError || name === this.name);
    } catch {
      // Anything can be thrown, also what throws when it is looked at.
      return false;
    }
  }
}

// ---- raised in the application, by receive() and send() -------------------------------------------------------------

/** `send` was given something that is no event of this protocol. Nothing was sent. */
export class InvalidEventError extends AsgigramError {
  readonly code = "ASGIGRAM_INVALID_EVENT";
  /** The key at fault, as a path (`reply_markup.inline_keyboard[0]`); absent when the event as a whole is. */
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

/** What the Bot API tells beside an error (https://core.telegram.org/bots/api#responseparameters). */
export interface ResponseParameters {
  migrate_to_chat_id?: number;
  /** Seconds. */
  retry_after?: number;
}

/** Telegram answered, and its answer was no (https://core.telegram.org/bots/api#making-requests). */
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

  /** Whether Telegram may have carried the call out all the same: a 5xx leaves that open, any other refusal does not. */
  get delivery(): CallDelivery {
    return this.error_code >= 500 ? "unknown" : "none";
  }
}

/**
 * What is known of a call that got no answer from Telegram: `"none"`, it never left this machine, and may safely be
 * repeated; `"unknown"`, the connection broke after the request had gone out, and Telegram may have carried it out.
 */
export type CallDelivery = "none" | "unknown";

/** A call to the Bot API got no answer that could be read. */
export class NetworkError extends AsgigramError {
  readonly code = "ASGIGRAM_NETWORK";
  readonly method: string;
  readonly delivery: CallDelivery;
  /** What went wrong, in a word or two: `ECONNREFUSED`. */
  readonly reason: string;
  constructor(method: string, delivery: CallDelivery, reason: string, options?: ErrorOptions) {
    const known = delivery === "none" ? "it was not sent" : "it is not known whether Telegram carried it out";
    super(`${method}: ${reason} (${known})`, options);
    this.method = method;
    this.delivery = delivery;
    this.reason = reason;
  }
}

/** A file could not be read to its end, or is too large, and so the call was not carried out; or it could not be fetched. */
export class FileError extends AsgigramError {
  readonly code = "ASGIGRAM_FILE";
  readonly method: string;
  /** Where the file stands in the event: `media[0].media`. */
  readonly key: string;
  /** What is wrong with it. */
  readonly reason: string;
  /** An upload that is not complete is none. */
  readonly delivery = "none" satisfies CallDelivery;
  constructor(method: string, key: string, reason: string, options?: ErrorOptions) {
    super(`${method}: "${key}": ${reason}`, options);
    this.method = method;
    this.key = key;
    this.reason = reason;
  }
}

// ---- raised by the server before or instead of running --------------------------------------------------------------

/** An option, its environment variable or its line in the configuration file cannot be used. */
export class ConfigError extends AsgigramError {
  readonly code = "ASGIGRAM_CONFIG";
}

/** The application could not be imported, or what was imported is none. */
export class ApplicationLoadError extends AsgigramError {
  readonly code = "ASGIGRAM_APPLICATION_LOAD";
}

/** The application answered `lifespan.startup.failed`, or failed while `--lifespan on` required it to start. */
export class StartupFailedError extends AsgigramError {
  readonly code = "ASGIGRAM_STARTUP_FAILED";
}

/** Telegram does not know the bot token (401 or 404 on getMe), or this server does not serve it (421, or 400 after logOut). */
export class TokenRejectedError extends AsgigramError {
  readonly code = "ASGIGRAM_TOKEN_REJECTED";
}

/** Somebody else takes this bot's updates: a webhook is set, or another process polls (409). */
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

/** The address to listen on is in use or not ours. */
export class ListenError extends AsgigramError {
  readonly code = "ASGIGRAM_LISTEN";
}

/** A worker thread could not be kept running. */
export class WorkerError extends AsgigramError {
  readonly code = "ASGIGRAM_WORKER";
}
