/**
 * A Bot API that repeats the request, and with it the token, in all its answers. Every other poll and every call fails, each in
 * the next of FAILURES. A poll that does not fail brings a message.
 */

import { createServer, type Socket } from "node:net";
import { Listener } from "../network/listener.ts";

type Failure = (socket: Socket, request: string, path: string) => void;

const answer = (status: number, body: string, type = "application/json") =>
  `HTTP/1.1 ${status} X\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

const refusal = (error_code: number, description: string, parameters = {}) =>
  answer(error_code, JSON.stringify({ ok: false, error_code, description, parameters }));

const FAILURES: { readonly [name: string]: Failure } = {
  "reset in the midst": (socket) => void socket.resetAndDestroy(),
  "cut in the midst": (socket, request) => {
    socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n${request}`);
  },
  "no HTTP": (socket, request) => void socket.end(`What do you mean: ${request}`),
  "a header that repeats the request": (socket, _, path) => {
    socket.write(answer(502, "", "text/plain").replace("content-type", `location: ${path}\r\ncontent-type`));
  },
  "an error page": (socket, _, path) => {
    socket.write(answer(502, `<h1>Bad Gateway</h1>no route for ${path}`, "text/html"));
  },
  "a page": (socket, _, path) => void socket.write(answer(200, `<h1>Welcome to ${path}</h1>`, "text/html")),
  "bad JSON": (socket, _, path) => void socket.write(answer(200, `{"ok":true,"result":${path}}`)),
  "a refusal": (socket, _, path) => void socket.write(refusal(400, `Bad Request: ${path}`)),
  "an encoded refusal": (socket, _, path) => void socket.write(refusal(400, encodeURIComponent(path))),
  "a conflict": (socket, _, path) => void socket.write(refusal(409, `Conflict: ${path}`)),
  "too many requests": (socket, _, path) => {
    socket.write(refusal(429, `Too Many Requests: ${path}`, { retry_after: 1 }));
  },
};

export const FAILURE_COUNT = Object.keys(FAILURES).length;

export class TelltaleApi implements AsyncDisposable {
  readonly #listener: Listener;
  readonly #texts: readonly string[];
  #polls = 0;
  #calls = 0;

  /** @param texts of the messages that the polls bring, one each */
  private constructor(texts: readonly string[]) {
    this.#texts = texts;
    this.#listener = new Listener(
      createServer((socket) => {
        socket.setEncoding("latin1").on("data", (request) => this.#answer(socket, String(request)));
      }),
    );
  }

  static async start(texts: readonly string[]): Promise<TelltaleApi> {
    const api = new TelltaleApi(texts);
    await api.#listener.listen(0, "127.0.0.1");
    return api;
  }

  get port(): number {
    return this.#listener.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
  }

  /** The requests are small enough for one chunk; a second chunk of one is not a request. */
  #answer(socket: Socket, request: string): void {
    const [, path, method] = /^\w+ (\S*\/(\w+)) HTTP/.exec(request) ?? [];
    if (request.startsWith("\x16")) return void socket.end("no TLS is spoken here");
    if (request.startsWith("CONNECT")) return this.#connect(socket, request);
    if (path === undefined) return;
    if (path.startsWith("/401/")) return void socket.write(refusal(401, `Unauthorized: ${path}`));
    if (method === "getMe") return this.#give(socket, { id: 123456789, username: "telltale_bot" });
    if (method === "getWebhookInfo") return this.#give(socket, { url: `https://127.0.0.1${path}` });
    const fail = (n: number) => Object.values(FAILURES)[n % FAILURE_COUNT]!(socket, request, path);
    if (method !== "getUpdates") return fail(this.#calls++);
    const poll = this.#polls++;
    if (poll % 2 === 0) return fail(poll / 2);
    const text = this.#texts[(poll - 1) / 2] ?? "end";
    const chat = { id: 7, type: "private" };
    this.#give(socket, [{ update_id: poll, message: { message_id: poll, date: 1, chat, text } }]);
  }

  /** Is a proxy, too, to itself only. */
  #connect(socket: Socket, request: string): void {
    if (request.startsWith(`CONNECT 127.0.0.1:${this.port} `)) return void socket.write("HTTP/1.1 200 OK\r\n\r\n");
    const repeated = `x-request: ${encodeURIComponent(request)}\r\n`;
    socket.end(answer(407, request, "text/plain").replace("content-type", `${repeated}content-type`));
  }

  #give(socket: Socket, result: unknown): void {
    socket.write(answer(200, JSON.stringify({ ok: true, result })));
  }
}
