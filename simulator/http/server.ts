/**
 * The HTTP server, all on one port:
 *
 *   /bot<token>/<method>             the Bot API, GET and POST
 *   /file/bot<token>/<file_path>     downloads
 *   /simulator/…                     the users' side (control.ts)
 *   /                                the page in the browser (page.ts)
 *   /healthz                         200: the process lives and its event loop turns
 *
 * Pages of other origins get 403. Bots reach the Bot API and downloads under any host name. Browsers, and all who ask for /simulator, need a
 * name that no page can take.
 */

import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Refusal } from "../api/refusal.ts";
import type { Worlds } from "../worlds.ts";
import { BodyTooLong } from "./body.ts";
import { botCall, download, NOT_FOUND, refusalIn, worldAt } from "./bot-routes.ts";
import { control } from "./control.ts";
import { isOfBrowser, refusalOfName, refusalOfPage } from "./guard.ts";
import { isPageFile, pageFile } from "./page.ts";
import { jsonReply, refusalReply, write } from "./reply.ts";

export interface ServerOptions {
  readonly worlds: Worlds;
  /** Host names by which browsers may ask, and all who ask for /simulator, beside localhost and IP addresses. */
  readonly hosts: readonly string[];
}

/**
 * Node.js runs timers before it reads. After a stall of some seconds, a timeout would close connections whose requests have
 * come and wait to be read; their callers could not know that nothing was carried out.
 */
const NO_TIMEOUTS = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 };

export function createServer(options: ServerOptions): Server {
  const hosts = new Set(options.hosts.map((host) => host.toLowerCase()));
  return createHttpServer(NO_TIMEOUTS, (incoming, response) => {
    void route(incoming, response, options, hosts).catch((error) => fail(response, error));
  });
}

/** @param port 0 for any free port @returns the URL: `http://127.0.0.1:8081` */
export async function listen(server: Server, host: string, port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, resolve);
  await promise;
  server.off("error", reject);
  const address = server.address() as AddressInfo;
  return `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`;
}

async function route(
  incoming: IncomingMessage,
  response: ServerResponse,
  options: ServerOptions,
  hosts: ReadonlySet<string>,
): Promise<void> {
  const segments = segmentsOf(incoming.url!);
  const [first = "", second = ""] = segments;
  if (first === "simulator") {
    return await control(incoming, response, { segments: segments.slice(1), worlds: options.worlds, hosts });
  }
  const { headers } = incoming;
  const reason = refusalOfPage(headers) ?? (isOfBrowser(headers) ? refusalOfName(headers, hosts) : undefined);
  if (reason !== undefined) throw new Refusal(403, `Forbidden: ${reason}`);
  if (incoming.method === "GET" && segments.length === 1 && isPageFile(first)) return write(response, pageFile(first));
  if (first === "healthz" && segments.length === 1) return write(response, jsonReply(200, '{"ok":true}'));
  if (first === "file") return write(response, download(worldAt(second, options.worlds), segments.slice(2).join("/")));
  if (segments.length !== 2) throw NOT_FOUND;
  await botCall(incoming, response, worldAt(first, options.worlds), second);
}

/** The parts of a path, without escapes: some libraries write `bot123%3Aabc`. @throws Refusal (404) */
function segmentsOf(url: string): string[] {
  const [path = ""] = url.split("?", 1);
  try {
    return decodeURIComponent(path).split("/").slice(1);
  } catch {
    throw NOT_FOUND;
  }
}

function fail(response: ServerResponse, error: unknown): void {
  // The caller is gone, or has the beginning of another answer.
  if (response.headersSent || response.destroyed) return void response.destroy();
  write(response, refusalReply(refusalIn(error as Error)), error instanceof BodyTooLong);
}
