/**
 * The Bot API over HTTP (https://core.telegram.org/bots/api#making-requests). The token stands in the path
 * of each request, and in nothing that this file returns or throws.
 */

import type { Readable } from "node:stream";
import { inspect } from "node:util";
import type { Update, UserFromGetMe } from "@grammyjs/types";
import type { Dispatcher, Pool } from "undici";
import { NetworkError } from "../protocol/errors.ts";
import { DOWNLOAD } from "../protocol/method-names.ts";
import type { Answer, Call } from "../protocol/port.ts";
import { type Hide, secretHider } from "../protocol/secrets.ts";
import { readAnswer, refusalIn } from "./answer.ts";
import { Connections, type ConnectionsOptions } from "./connections.ts";
import { FileDownloads, type IncomingFile } from "./downloads.ts";
import { exchange, type HttpAnswer } from "./exchange.ts";
import type { Form } from "./multipart.ts";
import { deliveryOf, reasonOf } from "./retry.ts";
import { Uploads } from "./uploads.ts";

/** A path in `apiUrl` is kept as a prefix. */
export interface BotApiOptions extends ConnectionsOptions {
  token: string;
  /** True if the Bot API server runs with --local and shares this machine's files: false. */
  local?: boolean;
  /** The most calls that may be under way at once. */
  connections?: number;
  /** The time that a method may take to answer: ms. */
  callTimeout?: number;
  /** Waits for the deadline of a poll. Returns a function that gives the wait up. */
  wait?(milliseconds: number, done: () => void): () => void;
}

/** The parameters of getUpdates; every call sends all of them (https://core.telegram.org/bots/api#getupdates). */
export interface Poll {
  offset: number | undefined;
  limit: number;
  /** Seconds. */
  timeout: number;
  allowed_updates: readonly string[];
}

/** The time that a method may take to answer, uploads excepted: ms. */
const CALL_TIMEOUT = 60_000;
/** The time that a long poll may take beyond its own timeout, connecting included: ms. */
const POLL_GRACE = 10_000;
/**
 * The most calls under way at once, each on a connection of its own; a call opens one if none is free. In a network that
 * swallows packets a lower limit would be reached sooner, and then all calls wait.
 */
const CALL_CONNECTIONS = 1000;
/**
 * The most files on their way at once, in each direction. Files have connections of their own, so that no call waits behind
 * them. Uploads and downloads are apart, because an upload may read a download and must not wait for its connection.
 */
const FILE_CONNECTIONS = 16;

export class BotApi {
  readonly #hide: Hide;
  readonly #path: string;
  readonly #filePath: string;
  readonly #connections: Connections;
  readonly #callTimeout: number;
  readonly #wait: NonNullable<BotApiOptions["wait"]>;
  readonly #uploads: Uploads;
  readonly #downloads: FileDownloads;
  readonly #calls: Pool;
  readonly #filesUp: Pool;
  readonly #filesDown: Pool;
  #polls: Pool;

  constructor(options: BotApiOptions) {
    const {
      token,
      apiUrl,
      proxy,
      local = false,
      connections = CALL_CONNECTIONS,
      callTimeout = CALL_TIMEOUT,
      wait = waitWithTimer,
    } = options;
    this.#hide = secretHider({ token, proxy });
    this.#callTimeout = callTimeout;
    this.#wait = wait;
    const prefix = new URL(apiUrl).pathname.replace(/\/+$/, "");
    this.#path = `${prefix}/bot${token}/`;
    this.#filePath = `${prefix}/file/bot${token}/`;
    this.#connections = new Connections(options);
    this.#calls = this.#connections.pool(connections, callTimeout);
    this.#filesUp = this.#connections.pool(FILE_CONNECTIONS, callTimeout);
    this.#filesDown = this.#connections.pool(FILE_CONNECTIONS, callTimeout);
    this.#polls = this.#connections.pool(1, callTimeout);
    this.#uploads = new Uploads({ local, post: (method, form, signal) => this.post(method, form, signal) });
    this.#downloads = new FileDownloads({
      local,
      getFile: (file_id) => this.call("getFile", { file_id }),
      openFile: (file_path) => this.#openFile(file_path),
    });
  }

  /**
   * Carries out what an application has sent: a call, a call with files, or a download.
   * @returns the answer as it came, `{"ok":true,"result":…}`; of a download the file
   * @throws TelegramError | NetworkError | FileError
   */
  make(call: Call): Promise<Answer> {
    const { method, body, files } = call;
    if (files !== undefined) return this.#uploads.make({ ...call, files });
    if (method === DOWNLOAD) return this.#downloads.make(call);
    return this.#request(this.#calls, method, { headers: JSON_HEADERS, body });
  }

  /**
   * Makes a call and parses its result.
   * @throws TelegramError | NetworkError
   */
  async call<Result = unknown>(method: string, parameters: object = {}, signal?: AbortSignal): Promise<Result> {
    const content = { headers: JSON_HEADERS, body: JSON.stringify(parameters) };
    const answer = await this.#request(this.#calls, method, content, signal);
    return readJson<{ result: Result }>(method, answer).result;
  }

  /**
   * Posts a form until the signal is aborted.
   * @returns the answer as it came
   * @throws TelegramError | NetworkError
   */
  post(method: string, form: Form, signal: AbortSignal): Promise<string> {
    // undici takes any iterable; its types do not say so.
    const body = form.body as Readable;
    return this.#request(this.#filesUp, method, { headers: form.headers, body, headersTimeout: 0 }, signal);
  }

  /** @throws TelegramError | NetworkError */
  async getMe(signal?: AbortSignal): Promise<UserFromGetMe> {
    const bot = await this.call<UserFromGetMe | null>("getMe", {}, signal);
    // The inbox belongs to this id.
    if (!Number.isSafeInteger(bot?.id)) throw new NetworkError("getMe", "unknown", "the answer is not a bot");
    return bot!;
  }

  /**
   * One long poll. Its deadline covers connecting, too: without it a connection that died silently would leave the bot without
   * updates for minutes. After a missed deadline the next poll gets a fresh connection.
   * @throws TelegramError | NetworkError
   */
  async getUpdates(poll: Poll, signal: AbortSignal): Promise<Update[]> {
    // Not AbortSignal.timeout(): its timer outlives the poll, and under load there are a thousand polls a second.
    const deadline = new AbortController();
    const stopWaiting = this.#wait(poll.timeout * 1000 + POLL_GRACE, () => deadline.abort());
    try {
      const body = JSON.stringify(poll);
      const content = { headers: JSON_HEADERS, body, idempotent: true };
      const either = AbortSignal.any([signal, deadline.signal]);
      const answer = await this.#request(this.#polls, "getUpdates", content, either);
      const { result } = readJson<{ result: Update[] }>("getUpdates", answer);
      if (!Array.isArray(result))
        throw new NetworkError("getUpdates", "unknown", "the answer is not a list of updates");
      return result;
    } catch (error) {
      if (deadline.signal.aborted) this.#renewPolls();
      throw error;
    } finally {
      stopWaiting();
    }
  }

  async close(): Promise<void> {
    const pools = [this.#calls, this.#filesUp, this.#filesDown, this.#polls];
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  #renewPolls(): void {
    void this.#polls.destroy();
    this.#polls = this.#connections.pool(1, this.#callTimeout);
  }

  /**
   * Begins a download: https://core.telegram.org/bots/api#file
   * @throws TelegramError | NetworkError
   */
  async #openFile(filePath: string): Promise<IncomingFile> {
    const path = this.#filePath + filePath.split("/").map(encodeURIComponent).join("/");
    let status: number;
    let text: string;
    try {
      const { statusCode, headers, body } = await this.#filesDown.request({ method: "GET", path });
      if (statusCode === 200) return { body, size: Number(headers["content-length"]) || undefined };
      status = statusCode;
      text = await body.text();
    } catch (cause) {
      throw this.#failureOf(DOWNLOAD, cause);
    }
    throw refusalIn(DOWNLOAD, status, readAnswer(this.#hide(text)), Number.NaN);
  }

  #request(pool: Dispatcher, method: string, content: Content, signal?: AbortSignal): Promise<string> {
    const request = { method: "POST", path: this.#path + method, ...content } as const;
    return exchange(pool, request, signal).then(
      (answer) => this.#read(method, answer),
      (cause) => {
        throw this.#failureOf(method, cause);
      },
    );
  }

  /** @returns the answer's text if it is a success; throws otherwise */
  #read(method: string, { status, retryAfter, text }: HttpAnswer): string {
    // The caller parses it. Here it only must be whole: retry.ts decides on an answer that is cut off.
    if (status === 200 && text.startsWith('{"ok":true') && text.endsWith("}")) return text;
    const answer = readAnswer(this.#hide(text));
    if (status === 200 && answer?.ok === true) return text;
    throw refusalIn(method, status, answer, retryAfter);
  }

  #failureOf(method: string, cause: unknown): NetworkError {
    return new NetworkError(method, deliveryOf(cause), reasonOf(cause), this.#tellsSecrets(cause) ? {} : { cause });
  }

  /** An answer that is not HTTP is part of the client's error, and some servers echo the request, token included. */
  #tellsSecrets(error: unknown): boolean {
    const all = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true });
    return this.#hide(all) !== all;
  }
}

/** Headers and body of a request. */
interface Content {
  headers: Record<string, string>;
  body: string | Readable;
  /** `callTimeout`, unless given: ms. */
  headersTimeout?: number;
  /** False unless given. */
  idempotent?: boolean;
}

const JSON_HEADERS = { "content-type": "application/json" };

function waitWithTimer(milliseconds: number, done: () => void): () => void {
  const timer = setTimeout(done, milliseconds);
  return () => clearTimeout(timer);
}

function readJson<T>(method: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new NetworkError(method, "unknown", "the answer is not valid JSON", { cause });
  }
}
