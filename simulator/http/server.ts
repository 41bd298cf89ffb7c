/**
 * The HTTP server, all on one port:
 *
 *   /bot<token>/<method>             the Bot API, GET and POST
 *   /file/bot<token>/<file_path>     downloads
 *   /simulator/…                     the client side (clients.ts)
 *
 * Requests of web pages are answered with 403, bodies that are too long with 413.
 */

import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer, type HttpBindings, type ServerType } from "@hono/node-server";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { reasonToRefuse } from "../../src/protocol/page-guard.ts";
import type { BotApi } from "../api/bot-api.ts";
import { parameterValues } from "../api/parameter-values.ts";
import { Refusal } from "../api/refusal.ts";
import { replyWith } from "../api/telegram.ts";
import type { RawParameters } from "../api/validation.ts";
import type { CallLog, RecordedCall } from "../state/call-log.ts";
import type { FileStore } from "../state/files.ts";
import { readParameters } from "./body.ts";

/** A call of the Bot API as received, before any check. */
export interface IncomingCall {
  /** Spelt as by the caller. */
  readonly method: string;
  readonly parameters: RawParameters;
  /** The raw request, for tests that act on its connection. */
  readonly incoming: IncomingMessage;
  /** The call in the log. */
  readonly recorded: RecordedCall;
}

/**
 * Sits between the caller and the Bot API, to inject faults: it may pass the call on with `respond()`, answer with
 * another response (`refuse` makes one from a refusal), delay it, or combine these.
 */
export type Intercept = (call: IncomingCall, respond: () => Promise<Response>) => Promise<Response>;

export interface ServerOptions {
  token: string;
  api: BotApi;
  files: FileStore;
  calls: CallLog;
  clients: Hono;
  now: () => number;
  intercept: Intercept;
  /** The host name that requests on loopback may have, beside localhost. */
  name: string;
  /** True for a Bot API server of one's own, which takes larger files. */
  isLocal: boolean;
}

type Env = { Bindings: HttpBindings };

const JSON_TYPE = { "content-type": "application/json" };
/**
 * Node.js runs timers before it reads. After a stall of some seconds, a timeout would close connections whose requests have
 * come and wait to be read; their callers could not know that nothing was carried out.
 */
const NO_TIMEOUTS = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 };
/** The format of a token from BotFather; any other path segment is answered with 404. */
const TOKEN = /^\d+:[\w-]+$/;

export function createServer(options: ServerOptions): ServerType {
  const app = new Hono<Env>();
  app.use(async (c, next) => {
    const reason = reasonToRefuse(c.env.incoming, options.name);
    return reason === undefined ? next() : refuse(new Refusal(403, `Forbidden: ${reason}`));
  });
  app.use(limitBody(options.isLocal ? LONGEST_LOCAL_BODY : LONGEST_BODY));
  app.route("/simulator", options.clients);
  app.get("/file/:bot/*", (c) => download(c, options));
  app.all("/:bot/:method", (c) => botCall(c, options));
  app.notFound(() => refuse(NOT_FOUND));
  app.onError((error) => refuse(refusalIn(error)));
  return createAdaptorServer({ fetch: app.fetch, serverOptions: NO_TIMEOUTS });
}

/** @param port 0 for any free port @returns the URL: `http://127.0.0.1:8081` */
export async function listen(server: ServerType, host: string, port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, resolve);
  await promise;
  server.off("error", reject);
  const address = server.address() as AddressInfo;
  return `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`;
}

/** Telegram takes files of 50 MB, a local server 2,000 MB; their call comes on top. */
const LONGEST_BODY = 51 * 2 ** 20;
const LONGEST_LOCAL_BODY = 2001 * 2 ** 20;

const TOO_LONG = new Refusal(413, "Request Entity Too Large");

/** Reads a body only if its length is not given: hono's middleware makes every request slower. */
function limitBody(longest: number): MiddlewareHandler<Env> {
  const limitStream = bodyLimit({ maxSize: longest, onError: () => refuse(TOO_LONG) });
  return async (c, next) => {
    const { "content-length": length, "transfer-encoding": coding } = c.env.incoming.headers;
    if (coding !== undefined) return limitStream(c, next);
    return Number(length ?? 0) > longest ? refuse(TOO_LONG) : next();
  };
}

/** A refusal as an HTTP response. */
export function refuse({ error_code, description, parameters }: Refusal): Response {
  const retry_after = parameters?.retry_after;
  return new Response(JSON.stringify({ ok: false, error_code, description, ...(parameters && { parameters }) }), {
    status: error_code,
    headers: { ...JSON_TYPE, ...(retry_after !== undefined && { "retry-after": String(retry_after) }) },
  });
}

const NOT_FOUND = new Refusal(404, "Not Found");

async function botCall(c: Context<Env, "/:bot/:method">, options: ServerOptions): Promise<Response> {
  const denial = denialOf(c.req.param("bot"), options.token);
  if (denial !== undefined) return refuse(denial);
  const method = c.req.param("method");
  const { calls, intercept, api, now } = options;
  const read = await readParameters(c.req.raw).catch(refusalIn);
  const parameters = read instanceof Refusal ? {} : read;
  const recorded: RecordedCall = { method, parameters: parameterValues(method, parameters), time: now() };
  const { signal } = c.req.raw;
  calls.begin(recorded);
  signal.addEventListener("abort", () => calls.end(recorded, CLOSED_BY_CALLER), { once: true });
  const respond = async () => {
    if (read instanceof Refusal) throw read;
    return await answer(method, read, signal, api, recorded);
  };
  const call = { method, parameters, incoming: c.env.incoming, recorded };
  const response = await intercept(call, respond).catch((error) => refuseCall(refusalIn(error), recorded));
  calls.end(recorded, response.status);
  return response;
}

/** The status for a caller that closed the connection before the answer; it does not read it. */
const CLOSED_BY_CALLER = 499;

/** Any other error is a mistake of the simulator, or of a test's own `intercept`. */
const refusalIn = (error: Error) =>
  error instanceof Refusal ? error : new Refusal(500, `Internal Server Error: ${error.message}`);

async function answer(
  method: string,
  raw: RawParameters,
  signal: AbortSignal,
  api: BotApi,
  recorded: RecordedCall,
): Promise<Response> {
  try {
    const reply = replyWith(await api.call(method, raw, signal));
    if (reply.result !== undefined) recorded.result = reply.result;
    return new Response(reply.json, { headers: JSON_TYPE });
  } catch (error) {
    if (error instanceof Refusal) return refuseCall(error, recorded);
    if (signal.aborted) return new Response(null, { status: CLOSED_BY_CALLER });
    throw error;
  }
}

function refuseCall(refusal: Refusal, recorded: RecordedCall): Response {
  recorded.error = refusal.description;
  return refuse(refusal);
}

/** The refusal for a path segment that is not `bot<token>` with the right token. */
function denialOf(segment: string, token: string): Refusal | undefined {
  const given = segment.startsWith("bot") ? segment.slice("bot".length) : "";
  if (!TOKEN.test(given)) return NOT_FOUND;
  return given === token ? undefined : new Refusal(401, "Unauthorized");
}

function download(c: Context<Env, "/file/:bot/*">, { token, files }: ServerOptions): Response {
  const denial = denialOf(c.req.param("bot"), token);
  if (denial !== undefined) return refuse(denial);
  const path = decodeURIComponent(c.req.path.split("/").slice(3).join("/"));
  const bytes = files.bytes(path);
  if (bytes === undefined) return refuse(NOT_FOUND);
  return new Response(bytes as Uint8Array<ArrayBuffer>, { headers: { "content-type": "application/octet-stream" } });
}
