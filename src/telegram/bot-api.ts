/**
 * The Bot API over HTTP (https://core.telegram.org/bots/api#making-requests). The only part of the server that knows the
 * token: it stands in the path of each request, and in nothing that leaves this file.
 */

import type { Update, UserFromGetMe } from "@grammyjs/types";
import { type Dispatcher, Pool } from "undici";
import { NetworkError, type ResponseParameters, TelegramError } from "../protocol/errors.ts";
import { deliveryOf, reasonOf } from "./retry.ts";

export interface BotApiOptions {
  token: string;
  /** `https://api.telegram.org`, or a server of one's own; a path is kept as a prefix. */
  apiUrl: string;
  /** How many calls may be under way at once. */
  connections?: number;
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
/** What a long poll may take beyond its own timeout, connecting included. */
const POLL_GRACE = 10_000;

export class BotApi {
  readonly #origin: string;
  readonly #path: string;
  readonly #calls: Pool;
  #polls: Pool;

  constructor({ token, apiUrl, connections = 64 }: BotApiOptions) {
    const { origin, pathname } = new URL(apiUrl);
    this.#origin = origin;
    this.#path = `${pathname.replace(/\/+$/, "")}/bot${token}/`;
    this.#calls = this.#connect(connections);
    this.#polls = this.#connect(1);
  }

  /**
   * Makes a call and reads its result.
   * @throws TelegramError | NetworkError
   */
  async call<Result = unknown>(method: string, parameters: object = {}, signal?: AbortSignal): Promise<Result> {
    const answer = await this.callText(method, JSON.stringify(parameters), signal);
    return readJson<{ result: Result }>(method, answer).result;
  }

  /**
   * Makes a call whose answer somebody else will read.
   * @param body the parameters as JSON
   * @returns the answer as it came: `{"ok":true,"result":…}`
   * @throws TelegramError | NetworkError
   */
  callText(method: string, body: string, signal?: AbortSignal): Promise<string> {
    return this.#request(this.#calls, method, body, signal);
  }

  getMe(signal?: AbortSignal): Promise<UserFromGetMe> {
    return this.call("getMe", {}, signal);
  }

  /**
   * One long poll, with a deadline of its own that covers everything: a connection that died without a word would otherwise
   * leave the bot deaf for minutes. After the deadline the next poll gets a fresh connection.
   * @throws TelegramError | NetworkError
   */
  async getUpdates(poll: Poll, signal: AbortSignal): Promise<Update[]> {
    const deadline = AbortSignal.timeout(poll.timeout * 1000 + POLL_GRACE);
    try {
      const body = JSON.stringify(poll);
      const answer = await this.#request(this.#polls, "getUpdates", body, AbortSignal.any([signal, deadline]));
      return readJson<{ result: Update[] }>("getUpdates", answer).result;
    } catch (error) {
      if (deadline.aborted) this.#renewPolls();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#calls.destroy(), this.#polls.destroy()]);
  }

  #connect(connections: number): Pool {
    return new Pool(this.#origin, {
      connections,
      pipelining: 1,
      allowH2: false,
      connect: { timeout: 10_000 },
      headersTimeout: CALL_TIMEOUT,
      bodyTimeout: CALL_TIMEOUT,
    });
  }

  #renewPolls(): void {
    void this.#polls.destroy();
    this.#polls = this.#connect(1);
  }

  async #request(pool: Dispatcher, method: string, body: string, signal?: AbortSignal): Promise<string> {
    let status: number;
    let text: string;
    try {
      const response = await pool.request({
        method: "POST",
        path: this.#path + method,
        headers: JSON_HEADERS,
        body,
        ...(signal === undefined ? {} : { signal }),
      });
      status = response.statusCode;
      text = await response.body.text();
    } catch (cause) {
      throw new NetworkError(method, deliveryOf(cause), reasonOf(cause), { cause });
    }
    if (status === 200 && text.startsWith('{"ok":true')) return text;
    throw refusalIn(method, status, text);
  }
}

const JSON_HEADERS = { "content-type": "application/json" };

function readJson<T>(method: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new NetworkError(method, "unknown", "the answer is no valid JSON", { cause });
  }
}

interface Refusal {
  ok?: boolean;
  error_code?: number;
  description?: string;
  parameters?: ResponseParameters;
}

/** Whatever came back that does not begin as a success does. */
function refusalIn(method: string, status: number, text: string): Error {
  let answer: Refusal | null = null;
  try {
    answer = JSON.parse(text);
  } catch {}
  if (typeof answer !== "object" || answer === null || typeof answer.ok !== "boolean" || answer.ok) {
    if (status >= 500) return new TelegramError(method, status, "the server answered with an error page");
    return new NetworkError(method, "unknown", `the answer (HTTP ${status}) is not one of the Bot API`);
  }
  const { error_code = status, description = "no description", parameters = {} } = answer;
  return new TelegramError(method, error_code, description, parameters);
}
