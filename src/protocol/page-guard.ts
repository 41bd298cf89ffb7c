/**
 * Keeps web pages away from an HTTP server that has no password. A page of any site may send requests to any address that its browser
 * reaches, and under a name of its own it may read the answers: it lets the name point to 127.0.0.1 (DNS rebinding).
 */

import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

/** The part of a request that is looked at. */
export interface GuardedRequest {
  readonly headers: Pick<IncomingMessage["headers"], "host" | "origin">;
  readonly socket: { readonly localAddress?: string | undefined };
}

const LOOPBACK = /^(::ffff:)?127\.|^::1$/;
const LOCALHOST = /^(.+\.)?localhost\.?$/;

/**
 * The reason to refuse a request with 403. A page's requests carry its origin. On loopback the server is asked by an IP address, by
 * localhost or by the name that was configured; other machines may reach it by any name.
 * @param configured the host that the server was told to listen on
 */
export function reasonToRefuse({ headers, socket }: GuardedRequest, configured: string): string | undefined {
  const { host, origin } = headers;
  const asked = host === undefined ? null : URL.parse(`http://${host}`);
  if (origin !== undefined && URL.parse(origin)?.host !== asked?.host) {
    return "pages of another origin may not use this server";
  }
  if (asked === null || !LOOPBACK.test(socket.localAddress ?? "")) return undefined;
  const name = asked.hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(name) > 0 || LOCALHOST.test(name) || name === configured.toLowerCase()) return undefined;
  return "on this address the server has another name: use localhost or the IP address";
}
