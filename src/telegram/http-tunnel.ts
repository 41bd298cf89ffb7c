/** A tunnel through an HTTP proxy (RFC 9110, section 9.3.6). */

import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { isIPv6, type Socket } from "node:net";
import { http } from "../protocol/node-http.ts";
import { ConnectError } from "./connect-error.ts";
import type { ProxyServer, Target } from "./proxy-server.ts";

/**
 * Turns a connection to the proxy into one to the target.
 * @throws ConnectError if the proxy refuses, and the errors of the connection
 */
export async function openHttpTunnel(
  socket: Socket,
  proxy: ProxyServer,
  target: Target,
  signal: AbortSignal,
): Promise<void> {
  const authority = `${isIPv6(target.host) ? `[${target.host}]` : target.host}:${target.port}`;
  const asking = http.request({
    method: "CONNECT",
    path: authority,
    headers: { host: authority, connection: "keep-alive", ...authorization(proxy) },
    createConnection: () => socket,
  });
  // An error after the signal would otherwise be uncaught.
  asking.on("error", () => {});
  asking.end();
  const answered = once(asking, "connect", { signal }) as Promise<[IncomingMessage, Socket, Buffer]>;
  const [{ statusCode: status = 0 }, , rest] = await answered;
  if (status === 407) throw proxy.refusesUser("407");
  if (status < 200 || status > 299) {
    throw new ConnectError(`the proxy ${proxy} does not connect to ${authority} (${status})`);
  }
  if (rest.length > 0) socket.unshift(rest);
}

function authorization({ credentials }: ProxyServer): { "proxy-authorization"?: string } {
  if (credentials === undefined) return {};
  const { user, password } = credentials;
  return { "proxy-authorization": `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}
