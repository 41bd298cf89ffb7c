/** Passes calls on to a server behind this one, unchanged. */

import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";

export interface RelayedAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

export class Relay {
  /** Closes connections that are idle for a second: the server behind closes them after five, perhaps under a call. */
  readonly #agent = new Agent({ keepAlive: true, timeout: 1000 });
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /**
   * Has the server behind carry it out; breaks that off if the caller hangs up.
   * @param response the answer that the caller waits for
   */
  async pass(request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<RelayedAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const { host: _, "content-length": __, ...headers } = request.headers;
    const onward = httpRequest(this.#url + request.url, {
      method: request.method,
      agent: this.#agent,
      headers: { ...headers, "content-length": body.length },
    });
    onward.once("response", resolve).once("error", reject).end(body);
    const giveUp = () => onward.destroy();
    response.once("close", giveUp);
    try {
      const answer = await promise;
      const text = (await bytesOf(answer)).toString();
      const type = answer.headers["content-type"] ?? "application/json";
      const retryAfter = answer.headers["retry-after"];
      return {
        status: answer.statusCode!,
        headers: { "content-type": type, ...(retryAfter && { "retry-after": retryAfter }) },
        text,
      };
    } finally {
      response.off("close", giveUp);
    }
  }

  close(): void {
    this.#agent.destroy();
  }
}

export async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}
