/**
 * Answers the requests to the Bot API that a program makes by node:http or node:https, by itself or by a package (axios, got, node-fetch).
 * A request goes to a server that listens to no port: they are the two ends of a stream. Other requests, and those of other bots, go
 * their way.
 */

import type { Agent, ClientRequest, IncomingMessage, RequestOptions, Server, ServerResponse } from "node:http";
import https from "node:https";
import { syncBuiltinESMExports } from "node:module";
import { type Duplex, duplexPair, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { http } from "../../src/protocol/node-http.ts";
import { linkIn, type MethodLink } from "./links.ts";
import { type LocalAnswer, type LocalBotApi, malformed } from "./local-bot-api.ts";
import { readParameters } from "./parameters.ts";
import { Spool } from "./spool.ts";
import { knownConnections } from "./unknown-connections.ts";

/** Replaces request() and get() of node:http and node:https. @returns puts them back */
export function localHttp(api: LocalBotApi): () => void {
  const server = new LocalServer(api);
  const restore = [
    replaceRequest(http, server.agent("http:", 80), api),
    replaceRequest(https, server.agent("https:", 443), api),
  ];
  syncBuiltinESMExports();
  return () => {
    for (const back of restore) back();
    syncBuiltinESMExports();
  };
}

type Requests = Pick<typeof http, "request" | "get">;
type Arguments = [url: string | URL | RequestOptions, ...rest: unknown[]];

function replaceRequest(module: Requests, agent: Agent, api: LocalBotApi): () => void {
  const { request, get } = module;
  const original = request as (...args: Arguments) => ClientRequest;
  const local = (...args: Arguments) => {
    const link = linkIn(pathOf(args));
    if (link === undefined || !api.admits(link)) return knownConnections.run(true, original, ...args);
    return original(...withAgent(args, agent));
  };
  module.request = local as Requests["request"];
  module.get = ((...args: Arguments) => local(...args).end()) as Requests["get"];
  return () => Object.assign(module, { request, get });
}

/** The options may come behind a URL, and count more than that. */
function pathOf([input, more]: Arguments): string {
  const options = isOptions(input) ? input : isOptions(more) ? more : undefined;
  if (typeof options?.path === "string") return options.path;
  if (typeof input === "string") return input;
  return input instanceof URL ? input.href : "";
}

function withAgent(args: Arguments, agent: Agent): Arguments {
  const [first, second, ...rest] = args;
  if (isOptions(first)) return [{ ...first, agent }, ...args.slice(1)];
  return isOptions(second) ? [first, { ...second, agent }, ...rest] : [first, { agent }, ...args.slice(1)];
}

function isOptions(value: unknown): value is RequestOptions {
  return typeof value === "object" && value !== null && !(value instanceof URL);
}

class LocalServer {
  readonly #api: LocalBotApi;
  readonly #server: Server;
  /** The client's end of a connection by the server's. */
  readonly #clients = new WeakMap<Duplex, Duplex>();

  constructor(api: LocalBotApi) {
    this.#api = api;
    this.#server = http.createServer((request, response) => {
      void this.#answer(request, response);
    });
  }

  /** @returns an agent that connects to this server */
  agent(protocol: string, defaultPort: number): Agent {
    const agent = new http.Agent();
    agent.createConnection = () => this.#connect();
    return Object.assign(agent, { protocol, defaultPort });
  }

  #connect(): Duplex {
    const [client, server] = duplexPair();
    this.#clients.set(server, client);
    this.#server.emit("connection", server);
    return asSocket(client);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const link = linkIn(request.url!)!;
    try {
      if ("path" in link) await this.#giveFile(await this.#api.download(link), response);
      else give(await this.#called(link, request, response), response);
    } catch (error) {
      this.#breakOff(request, response, error as Error);
    }
  }

  async #called(link: MethodLink, request: IncomingMessage, response: ServerResponse): Promise<LocalAnswer> {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const spool = new Spool();
    try {
      const type = request.headers["content-type"];
      const parameters = await readParameters({ url: request.url!, type, body: request }, spool);
      return await this.#api.request(link, parameters, gone.signal);
    } catch (error) {
      return malformed(error);
    } finally {
      await spool.discard();
    }
  }

  async #giveFile(file: Awaited<ReturnType<LocalBotApi["download"]>>, response: ServerResponse): Promise<void> {
    if (!(file instanceof ReadableStream)) return give(file, response);
    response.writeHead(200, { "content-type": "application/octet-stream" });
    await pipeline(Readable.fromWeb(file as Parameters<typeof Readable.fromWeb>[0]), response);
  }

  /** The client raises its own error: the connection is lost, as far as it knows. */
  #breakOff({ socket }: IncomingMessage, { headersSent }: ServerResponse, { message }: Error): void {
    const error = Object.assign(new Error(message), { code: "ECONNRESET" });
    // An answer that has begun breaks off by itself: nothing listens to errors of its request.
    this.#clients.get(socket)!.destroy(headersSent ? undefined : error);
  }
}

function give(answer: LocalAnswer, response: ServerResponse): void {
  const text = JSON.stringify(answer);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  response.writeHead(answer.ok ? 200 : answer.error_code, headers).end(text);
}

/** Gives a stream the methods of a socket that clients call. */
function asSocket(stream: Duplex): Duplex {
  let timer: NodeJS.Timeout | undefined;
  const itself = () => stream;
  stream.on("close", () => clearTimeout(timer));
  const { push, _write } = stream;
  return Object.assign(stream, {
    // No listener to "data": node-fetch 2 takes it for the sign of an answer that is cut off.
    push(...args: Parameters<typeof push>) {
      timer?.refresh();
      return push.apply(stream, args);
    },
    _write(...args: Parameters<typeof _write>) {
      timer?.refresh();
      return _write.apply(stream, args);
    },
    setTimeout(milliseconds: number, onTimeout?: () => void) {
      clearTimeout(timer);
      timer = milliseconds > 0 ? setTimeout(() => stream.emit("timeout"), milliseconds).unref() : undefined;
      if (onTimeout !== undefined) stream.once("timeout", onTimeout);
      return stream;
    },
    setKeepAlive: itself,
    setNoDelay: itself,
    ref: itself,
    unref: itself,
  });
}
