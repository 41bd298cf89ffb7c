/**
 * The HTTP server that Telegram sends updates to, one a request.
 *
 *   request -- whole, and Telegram's --> arrived -- its turn --> stored for good --> 200
 *   request -- not for this bot, or not from Telegram --> 404 or 401 without a body; what it sent is dropped
 *   request -- no room --> 503: Telegram keeps the update, and sends it again after Retry-After
 *
 * Updates that arrive while others are stored are stored next, all together, in the order of their ids.
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { finished } from "node:stream/promises";
import { ListenError } from "../protocol/errors.ts";
import { hostInUrl } from "../protocol/host-in-url.ts";
import { http } from "../protocol/node-http.ts";
import type { WebhookSecrets } from "./webhook-secrets.ts";

export interface WebhookServerOptions extends WebhookSecrets {
  /** An IPv6 address has no brackets. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** The server's own certificate and key as PEM; undefined without TLS. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** True while updates are to wait at Telegram. */
  isFull(): boolean;
  /** Stores updates. Resolves when they are stored for good. */
  store(updates: readonly unknown[]): Promise<unknown>;
  /** An update could not be stored. */
  onError(error: Error): void;
  readonly log: { warn(fields: { error: string }, message: string): void };
}

/** Requests by their outcome. */
export interface WebhookRequests {
  /** Answered with 200. */
  stored: number;
  /** Answered with 503. */
  postponed: number;
  /** Answered with 401 or 404: not sent by Telegram, or not to this bot. */
  refused: number;
  /** All others: broken off, too long, or no JSON. */
  failed: number;
}

/** Updates are far shorter: Telegram's own limit for one is 512 KB. */
const LONGEST_BODY = 2 ** 20;
/** Most updates that are stored at once. */
const BATCH = 100;
/** Pause before Telegram sends a postponed update again: seconds. */
const RETRY_AFTER = 2;
/** Telegram and proxies keep a connection for a minute; they, not this server, end it, or a request might cross the end: ms. */
const KEEP_ALIVE = 120_000;
/** The time that a request may take to arrive: ms. Telegram waits for a minute in all. */
const REQUEST_TIMEOUT = 30_000;
/** The time in which the body of a refused request is read and dropped: ms. */
const LINGER = 2000;
const MOST_CONNECTIONS = 1000;

interface Arrived {
  readonly update: unknown;
  stored(): void;
  failed(error: Error): void;
}

export class WebhookServer {
  readonly requests: WebhookRequests = { stored: 0, postponed: 0, refused: 0, failed: 0 };
  readonly #options: WebhookServerOptions;
  readonly #server: Server;
  #arrived: Arrived[] = [];
  #isStoring = false;
  #isClosing = false;
  #isClosed = false;
  /** Requests whose update has arrived and whose answer is not sent. */
  readonly #answering = new Set<Promise<void>>();

  private constructor(options: WebhookServerOptions) {
    this.#options = options;
    const timeouts = { requestTimeout: REQUEST_TIMEOUT, keepAliveTimeout: KEEP_ALIVE };
    const receive = (request: IncomingMessage, response: ServerResponse) => void this.#receive(request, response);
    const { tls } = options;
    this.#server =
      tls === undefined ? http.createServer(timeouts, receive) : createTlsServer({ ...timeouts, ...tls }, receive);
    this.#server.maxConnections = MOST_CONNECTIONS;
  }

  /** @throws ListenError */
  static async listen(options: WebhookServerOptions): Promise<WebhookServer> {
    const { host, port } = options;
    const webhook = new WebhookServer(options);
    webhook.#server.listen(port, host);
    await once(webhook.#server, "listening").catch((cause: Error) => {
      throw new ListenError(
        `cannot listen on ${hostInUrl(host)}:${port} for the webhook: ${cause.message}; see --webhook-listen`,
        {
          cause,
        },
      );
    });
    return webhook;
  }

  /** Address that Telegram or a proxy reaches: `http://127.0.0.1:8443`. */
  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    const scheme = this.#options.tls === undefined ? "http" : "https";
    return `${scheme}://${hostInUrl(address)}:${port}`;
  }

  /** Stores and answers what has arrived. From now on, requests are answered with 503. */
  async drain(): Promise<void> {
    this.#isClosing = true;
    while (this.#answering.size > 0) await Promise.all(this.#answering);
  }

  /** Stores and answers what has arrived; breaks off what has not. */
  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    await this.drain();
    this.#isClosed = true;
    this.#server.closeAllConnections();
    await closed;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => {});
    const status = this.#statusBefore(request);
    if (status !== undefined) return this.#refuse(request, response, status);
    const body = await bodyOf(request);
    if (this.#isClosed) return;
    if (typeof body === "number") return this.#refuse(request, response, body);
    const update = parsed(body);
    if (update === undefined) {
      this.#options.log.warn({ error: "the body is no JSON" }, "a request to the webhook could not be read");
      return this.#refuse(request, response, 400);
    }
    const answered = this.#answer(update, response);
    this.#answering.add(answered);
    await answered;
    this.#answering.delete(answered);
  }

  /** The reason to refuse a request before its body is read, as a status; undefined if there is none. */
  #statusBefore({ method, url = "", headers }: IncomingMessage): number | undefined {
    const { segment, secret, isFull } = this.#options;
    const path = url.split("?", 1)[0]!;
    const isOurs = isSame(path.slice(path.lastIndexOf("/") + 1), segment);
    if (!isOurs || method !== "POST") return 404;
    if (!isSame(String(headers["x-telegram-bot-api-secret-token"] ?? ""), secret)) return 401;
    if (!/^application\/json\s*(?:;|$)/i.test(headers["content-type"] ?? "")) return 415;
    if (Number(headers["content-length"] ?? 0) > LONGEST_BODY) return 413;
    if (this.#isClosing || isFull()) return 503;
    return undefined;
  }

  #refuse(request: IncomingMessage, response: ServerResponse, status: number): void {
    const { requests } = this;
    if (status === 503) requests.postponed += 1;
    else if (status === 401 || status === 404) requests.refused += 1;
    else requests.failed += 1;
    if (status === 503) response.setHeader("retry-after", RETRY_AFTER);
    // The rest of a small body is read, and the connection lives on. Any other connection ends after the answer.
    const isKept = status === 503 && !this.#isClosing;
    if (isKept) return void writeHead(response, status, isKept).end();
    writeHead(response, status, isKept).flushHeaders();
    void dropBody(request).then(() => response.end());
  }

  /** Resolves when the answer is sent, or cannot be. */
  async #answer(update: unknown, response: ServerResponse): Promise<void> {
    const isStored = await this.#stored(update).then(
      () => true,
      () => false,
    );
    if (isStored) this.requests.stored += 1;
    else this.requests.failed += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    response.once("finish", resolve).once("close", resolve);
    if (response.destroyed) return;
    writeHead(response, isStored ? 200 : 500, !this.#isClosing).end();
    await promise;
  }

  #stored(update: unknown): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#arrived.push({ update, stored: resolve, failed: reject });
    void this.#store();
    return promise;
  }

  async #store(): Promise<void> {
    if (this.#isStoring) return;
    this.#isStoring = true;
    while (this.#arrived.length > 0) {
      const batch = this.#arrived.splice(0, BATCH).sort((a, b) => idOf(a.update) - idOf(b.update));
      try {
        await this.#options.store(batch.map(({ update }) => update));
        for (const { stored } of batch) stored();
      } catch (error) {
        for (const { failed } of batch) failed(error as Error);
        this.#options.onError(error as Error);
      }
    }
    this.#isStoring = false;
  }
}

/** An answer is a status and nothing else. */
function writeHead(response: ServerResponse, status: number, isKept: boolean): ServerResponse {
  if (!isKept) response.setHeader("connection", "close");
  return response.writeHead(status, { "content-length": 0 });
}

/** Data that nobody has read resets a connection that ends, and the answer may be lost with it: so it is read, for LINGER. */
async function dropBody(request: IncomingMessage): Promise<void> {
  request.resume();
  await finished(request, { signal: AbortSignal.timeout(LINGER) }).catch(() => {});
}

/** @returns the whole body; the status of a body that is too long or was broken off */
async function bodyOf(request: IncomingMessage): Promise<Buffer | number> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      length += chunk.length;
      if (length > LONGEST_BODY) return 413;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch {
    return 400;
  }
}

/** @returns undefined if the body is no JSON */
function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

/** Takes the same time, whatever is given: the digests are of one length, and tell nothing of a common beginning. */
function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(digestOf(given), digestOf(wanted));
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function idOf(update: unknown): number {
  const { update_id } = (update ?? {}) as { update_id?: unknown };
  return typeof update_id === "number" ? update_id : 0;
}
