/** A Bot API server that receives uploads and reads their forms, and a client that sends it events as an instance does. */

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MessageChannel } from "node:worker_threads";
import type { Answer, Call } from "../../src/protocol/port.ts";
import { BotApi } from "../../src/telegram/bot-api.ts";
import { Calls } from "../../workers/calls.ts";
import { encode } from "../../workers/encode.ts";
import { Streams } from "../../workers/streams.ts";

export const TOKEN = "123456:AAsecret-token_of_this_bot";

export interface Received {
  method: string;
  headers: IncomingMessage["headers"];
  form: FormData;
}

type Handler = (request: IncomingMessage, response: ServerResponse, server: UploadServer) => void | Promise<void>;

export class UploadServer implements AsyncDisposable {
  readonly received: Received[] = [];
  /** Number of requests that were cut off before their end. */
  cutOff = 0;
  readonly streams = new Streams();
  readonly api: BotApi;
  readonly #http;

  /** @param handler answers a request, whose form `server.read()` reads */
  static async start(handler: Handler = success, { local = false } = {}): Promise<UploadServer> {
    const http = createServer();
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    return new UploadServer(http, handler, local);
  }

  private constructor(http: ReturnType<typeof createServer>, handler: Handler, local: boolean) {
    this.#http = http;
    const { port } = http.address() as AddressInfo;
    this.api = new BotApi({ token: TOKEN, apiUrl: `http://127.0.0.1:${port}`, local });
    http.on("request", (request, response) => {
      request.on("aborted", () => {
        this.cutOff += 1;
      });
      Promise.resolve(handler(request, response, this)).catch(() => response.destroy());
    });
  }

  /** Reads the form of a request with the parser of Node.js, not ours. */
  async read(request: IncomingMessage): Promise<Received> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { headers } = request;
    const form = await new Response(Buffer.concat(chunks), {
      headers: { "content-type": headers["content-type"]! },
    }).formData();
    const received = { method: request.url!.split("/").at(-1)!, headers, form };
    this.received.push(received);
    return received;
  }

  /** Sends an event through a port, as an instance of chat 42 does. @returns the answer as it came */
  async send(event: object): Promise<Answer> {
    return await this.api.make(await crossed(this.encode(event)));
  }

  encode(event: object): Call {
    return encode(event, { chat_id: 42, business_connection_id: undefined }, this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api.close();
    this.#http.closeAllConnections();
    this.#http.close();
  }
}

const success: Handler = async (request, response, server) => {
  await server.read(request);
  respond(response, 200, { ok: true, result: true });
};

export function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** The call as the other end of a port receives it. */
export async function crossed(call: Call): Promise<Call> {
  const { port1, port2 } = new MessageChannel();
  const outbound = {
    push: (item: unknown, transfer: readonly ArrayBuffer[] = []) => port1.postMessage(item, [...transfer]),
  };
  const arrived = once(port2, "message") as Promise<[{ call: Call }]>;
  void new Calls(outbound as never, { willWorkAt() {} }).make(call, "chat:1", {} as never, undefined);
  const [item] = await arrived;
  port1.close();
  return item.call;
}
