/**
 * The Bot API over HTTP (https://core.telegram.org/bots/api#making-requests). The only part of the server that knows the
 * token: it stands in the path of each request, and in nothing that leaves this file.
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
import { Connections, type Way } from "./connections.ts";
import { Downloads, type RemoteFile } from "./downloads.ts";
import { exchange, type HttpAnswer } from "./exchange.ts";
import type { Form } from "./multipart.ts";
import { deliveryOf, reasonOf } from "./retry.ts";
import { Uploads } from "./uploads.ts";

/** A path in `apiUrl` is kept as a prefix. */
export interface BotApiOptions extends Way {
  token: string;
  /** True if the Bot API server runs with --local and shares this machine's files: false. */
  local?: boolean;
  /** How many calls may be under way at once. */
  connections?: number;
  /** How long a method may take to answer: ms. */
  callTimeout?: number;
  /** Waits for the deadline of a poll. Returns a function that gives the wait up. */
  wait?(milliseconds: number, done: () => void): () => void;
}

/** One getUpdates call; all of it is said every time (https://core.telegram.org/bots/api#getupdates). */
export interface Poll {
  offset: number | undefined;
  limit: number;
  /** Seconds. */
  timeout: number;
  allowed_updates: readonly string[];
}

/** A method has a minute to answer; uploads are not among them. */
const CALL_TIMEOUT = 60_000;
/** The time that a long poll may take beyond its own timeout, connecting included: ms. */
const POLL_GRACE = 10_000;
/**
 * How many calls may be under way at once, each on a connection that is opened when there is none to spare. With fewer, a
 * network that swallows what it is given would sooner keep all calls waiting.
 */
const CALL_CONNECTIONS = 1000;
/**
 * How many files may be on their way at once, in each direction. They have connections of their own, so that no call waits
 * behind them; and what goes up may be what comes down, which must not wait for itself.
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
  readonly #downloads: Downloads;
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
    this.#downloads = new Downloads({
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
   * Makes a call and reads its result.
   * @throws TelegramError | NetworkError
   */
  async call<Result = unknown>(method: string, parameters: object = {}, signal?: AbortSignal): Promise<Result> {
    const content = { headers: JSON_HEADERS, body: JSON.stringify(parameters) };
    const answer = await this.#request(this.#calls, method, content, signal);
    return readJson<{ result: Result }>(method, answer).result;
  }

  /**
   * Posts a form, for as long as the signal lets it.
   * @returns the answer as it came
   * @throws TelegramError | NetworkError
   */
  post(method: string, form: Form, signal: AbortSignal): Promise<string> {
    // Any iterable will do, though its types do not say so.
    const body = form.body as Readable;
    return this.#request(this.#filesUp, method, { headers: form.headers, body, headersTimeout: 0 }, signal);
  }

  /** @throws TelegramError | NetworkError */
  async getMe(signal?: AbortSignal): Promise<UserFromGetMe> {
    const bot = await this.call<UserFromGetMe | null>("getMe", {}, signal);
    // Whose inbox it is goes by the id.
    if (!Number.isSafeInteger(bot?.id)) throw new NetworkError("getMe", "unknown", "the answer is no bot");
    return bot!;
  }

  /**
   * One long poll, with a deadline of its own that covers everything: a connection that died without a word would otherwise
   * leave the bot deaf for minutes. After the deadline the next poll gets a fresh connection.
   * @throws TelegramError | NetworkError
   */
  async getUpdates(poll: Poll, signal: AbortSignal): Promise<Update[]> {
    // Not AbortSignal.timeout(), whose timer would outlive the poll, and at full speed there are a thousand polls a second.
    const deadline = new AbortController();
    const stopWaiting = this.#wait(poll.timeout * 1000 + POLL_GRACE, () => deadline.abort());
    try {
      const body = JSON.stringify(poll);
      const content = { headers: JSON_HEADERS, body, idempotent: true };
      const either = AbortSignal.any([signal, deadline.signal]);
      const answer = await this.#request(this.#polls, "getUpdates", content, either);
      const { result } = readJson<{ result: Update[] }>("getUpdates", answer);
      if (!Array.isArray(result)) throw new NetworkError("getUpdates", "unknown", "the answer is no list of updates");
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
   * Begins to fetch a file: https://core.telegram.org/bots/api#file
   * @throws TelegramError | NetworkError
   */
  async #openFile(filePath: string): Promise<RemoteFile> {
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

  /** @returns the answer's text, if it is one of success */
  #read(method: string, { status, retryAfter, text }: HttpAnswer): string {
    // Reading it is for those who want it, but it must not be cut off: then it is for retry.ts to say what to do.
    if (status === 200 && text.startsWith('{"ok":true') && text.endsWith("}")) return text;
    const answer = readAnswer(this.#hide(text));
    if (status === 200 && answer?.ok === true) return text;
    throw refusalIn(method, status, answer, retryAfter);
  }

  #failureOf(method: string, cause: unknown): NetworkError {
    return new NetworkError(method, deliveryOf(cause), reasonOf(cause), this.#tellsSecrets(cause) ? {} : { cause });
  }

  /** An answer that is no HTTP is part of the client's error, and what some servers answer is the request. */
  #tellsSecrets(error: unknown): boolean {
    const all = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true });
    return this.#hide(all) !== all;
  }
}

/** What a request brings along. */
interface Content {
  headers: Record<string, string>;
  body: string | Readable;
  /** Of the call, unless another is given. */
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
    throw new NetworkError(method, "unknown", "the answer is no valid JSON", { cause });
  }
}
