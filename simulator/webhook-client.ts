/** Posts updates to a webhook, over connections that stay open. */

import { once } from "node:events";
import type { Agent, IncomingMessage } from "node:http";
import { urlToHttpOptions } from "node:url";
import { readBody } from "./http/body.ts";

export interface WebhookClientOptions {
  readonly url: string;
  readonly connections: number;
  /** PEM of a certificate that is trusted. */
  readonly certificate: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Time that the webhook has to answer: ms. */
  readonly timeout: number;
  /** Bytes of an answer's body. */
  readonly longestAnswer: number;
}

export interface WebhookAnswer {
  readonly status: number;
  /** Seconds; 0 without the header. */
  readonly retryAfter: number;
  /** The media type of the body. */
  readonly type: string | undefined;
  readonly body: Buffer;
}

/** No answer came in time. */
export class AnswerTimeout extends Error {}

export class WebhookClient {
  readonly #options: WebhookClientOptions;
  #agent: Agent | undefined;

  constructor(options: WebhookClientOptions) {
    this.#options = options;
  }

  /** @throws AnswerTimeout, BodyTooLong, or the error of the connection */
  async post(body: string, signal: AbortSignal): Promise<WebhookAnswer> {
    const { url, connections, certificate, headers, timeout, longestAnswer } = this.#options;
    const target = new URL(url);
    // TLS is loaded for those who use it: a simulator starts in every test.
    const isTls = target.protocol === "https:";
    const { Agent, request } = await (isTls ? import("node:https") : import("node:http"));
    signal.throwIfAborted();
    this.#agent ??= new Agent({ keepAlive: true, maxSockets: connections, ...(isTls && { ca: certificate }) });
    const { promise, resolve, reject } = Promise.withResolvers<WebhookAnswer>();
    const options = { ...urlToHttpOptions(target), method: "POST", headers, agent: this.#agent, timeout, signal };
    const outgoing = request(options, (answer: IncomingMessage) => {
      read(answer, longestAnswer).then(resolve, (error) => {
        reject(error);
        outgoing.destroy();
      });
    });
    outgoing.once("timeout", () => outgoing.destroy(new AnswerTimeout()));
    outgoing.once("error", reject);
    outgoing.end(body);
    return await promise;
  }

  close(): void {
    this.#agent?.destroy();
  }
}

async function read(answer: IncomingMessage, limit: number): Promise<WebhookAnswer> {
  const { statusCode, headers } = answer;
  const body = await readBody(answer, limit);
  // An answer without a body has to end, too: only then its connection is free.
  answer.resume();
  if (!answer.readableEnded) await once(answer, "end");
  const retryAfter = Number(headers["retry-after"]) || 0;
  return { status: statusCode!, retryAfter, type: headers["content-type"], body };
}
