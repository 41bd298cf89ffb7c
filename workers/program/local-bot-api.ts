/**
 * The Bot API as a bot's program has it, inside its thread. Most methods become calls of the event to which the running code belongs.
 * The methods about the bot and its updates are answered here: the server has both.
 */

import { FileError, TelegramError } from "../../src/protocol/errors.ts";
import { MalformedBody } from "../../src/protocol/form-parts.ts";
import { DOWNLOAD } from "../../src/protocol/method-names.ts";
import type { Call } from "../../src/protocol/port.ts";
import type { Entity } from "../../src/protocol/route.ts";
import { refuseUnlessDownload } from "../download.ts";
import type { ApiLink, FileLink, MethodLink } from "./links.ts";
import { type RawParameters, rawCall } from "./raw-call.ts";

/** An answer of the Bot API. */
export type LocalAnswer = { ok: true; result: unknown } | Refusal;

export interface Refusal {
  ok: false;
  error_code: number;
  description: string;
  parameters?: object;
}

/** A file under way. */
export type FileStream = ReadableStream<Uint8Array<ArrayBuffer>>;

/** The part of an AbortSignal that the signals of all libraries have. */
export type SignalLike = Pick<AbortSignal, "aborted"> & Pick<EventTarget, "addEventListener" | "removeEventListener">;

export interface LocalBotApiOptions {
  /** The bot itself, as getMe describes it. */
  bot: Entity;
  /** All tokens are the bot's. */
  anyToken?: boolean;
  /** Makes a call at the event of the running code. */
  make(call: (owner: Parameters<typeof rawCall>[2]) => Call): Promise<unknown>;
  /** The program asks for updates of these kinds: by a poll, or by a webhook. */
  onLaunch(method: "getUpdates" | "setWebhook", kinds: unknown): void;
  /** The program wants the updates that wait dropped. */
  onDropPending(): void;
  /** The program makes a call by which bots are started, as another bot. @returns true if the call is to be refused */
  refuses(id: string): boolean;
}

const NO_WEBHOOK = { url: "", has_custom_certificate: false, pending_update_count: 0 };

/** Methods by which a bot is started, in lower case. */
const STARTING = new Set(["getme", "getupdates", "setwebhook", "deletewebhook"]);

/** Methods that would take the bot away from its server, in lower case: the Bot API takes any. */
const REFUSED = new Set(["logout", "close"]);

/** Longest poll of a program that is about to end: ms. */
const LAST_WAIT = 100;

export class LocalBotApi {
  readonly #options: LocalBotApiOptions;
  /** Answer the polls that wait. */
  readonly #polls = new Set<() => void>();
  #isEnding = false;

  constructor(options: LocalBotApiOptions) {
    this.#options = options;
  }

  /** True for requests that are answered here: those with the bot's token, or its stand-in, and refused starts of other bots. */
  admits(link: ApiLink): boolean {
    if (this.#isOwn(link.token)) return true;
    return "method" in link && STARTING.has(link.method.toLowerCase()) && this.#options.refuses(idIn(link.token));
  }

  /** @throws NetworkError | AbortError */
  async request({ token, method }: MethodLink, parameters: RawParameters, signal?: SignalLike): Promise<LocalAnswer> {
    if (!this.#isOwn(token)) return UNAUTHORIZED;
    const name = method.toLowerCase();
    switch (name) {
      case "getme":
        return { ok: true, result: this.#options.bot };
      case "getupdates":
        return await this.#poll(parameters, signal);
      case "deletewebhook":
      case "setwebhook":
        return this.#setWebhook(parameters);
      case "getwebhookinfo":
        return { ok: true, result: NO_WEBHOOK };
    }
    if (REFUSED.has(name)) return failure(400, `Bad Request: asgigram serves this bot, so it cannot ${method}`);
    try {
      return { ok: true, result: await this.#options.make((owner) => rawCall(method, parameters, owner)) };
    } catch (error) {
      return refusalOf(error, 413, "Request Entity Too Large");
    }
  }

  /** Downloads a file. @throws NetworkError */
  async download({ path }: FileLink): Promise<FileStream | Refusal> {
    const parameters = { file_path: path, as: "stream" };
    try {
      refuseUnlessDownload(parameters);
    } catch {
      return failure(404, "Not Found");
    }
    const call = { method: DOWNLOAD, lane: undefined, body: JSON.stringify(parameters) };
    try {
      return (await this.#options.make(() => call)) as FileStream;
    } catch (error) {
      return refusalOf(error, 400, "Bad Request");
    }
  }

  #isOwn(token: string): boolean {
    const { bot, anyToken = false } = this.#options;
    return anyToken || idIn(token) === `${bot.id}`;
  }

  /** Nothing is sent to the webhook: updates come to the bot by another way. */
  #setWebhook({ url, allowed_updates, drop_pending_updates }: RawParameters): LocalAnswer {
    if (`${drop_pending_updates}` === "true") this.#options.onDropPending();
    if (url) this.#options.onLaunch("setWebhook", allowed_updates);
    return { ok: true, result: true };
  }

  /** Answers a poll without updates, when its time is over: updates come to the bot by another way. */
  #poll({ timeout, allowed_updates }: RawParameters, signal: SignalLike | undefined): Promise<LocalAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<LocalAnswer>();
    const seconds = Number(timeout ?? 0);
    if (seconds > 0) this.#options.onLaunch("getUpdates", allowed_updates);
    const answer = () => resolve({ ok: true, result: [] });
    const timer = setTimeout(answer, this.#isEnding ? Math.min(seconds * 1000, LAST_WAIT) : seconds * 1000);
    // A thread that is about to end lives until the answer.
    if (seconds > 0 && !this.#isEnding) timer.unref();
    const abort = () => reject(new DOMException("This operation was aborted", "AbortError"));
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort);
    this.#polls.add(answer);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#polls.delete(answer);
      // Telegraf gives all of its polls one signal.
      signal?.removeEventListener("abort", abort);
    });
  }

  /** The program is about to end: polls are answered soon, because some libraries wait for them before they stop. */
  endPolls(): void {
    this.#isEnding = true;
    setTimeout(() => {
      for (const answer of this.#polls) answer();
    }, LAST_WAIT);
  }
}

const UNAUTHORIZED = failure(401, "Unauthorized");

/** @throws the error, if it is none of Telegram's and of no file */
function refusalOf(error: unknown, codeOfFile: number, textOfFile: string): Refusal {
  if (error instanceof FileError) return failure(codeOfFile, `${textOfFile}: ${error.reason}`);
  if (!(error instanceof TelegramError)) throw error;
  const { error_code, description, parameters } = error;
  return Object.keys(parameters).length > 0
    ? { ok: false, error_code, description, parameters }
    : failure(error_code, description);
}

/** The answer to a request whose parameters could not be read. @throws the error, if it is another one */
export function malformed(error: unknown): Refusal {
  if (!(error instanceof MalformedBody)) throw error;
  return failure(400, `Bad Request: ${error.message}`);
}

function failure(error_code: number, description: string): Refusal {
  return { ok: false, error_code, description };
}

/** The bot's id in its token; empty without a token, which libraries take until the bot is started. */
export function idIn(token: string | null | undefined): string {
  return token?.slice(0, token.indexOf(":")) ?? "";
}
