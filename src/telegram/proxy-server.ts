/** The proxy before the Bot API server. As text it is `host:port`, without user and password. */

import { unescape as decode } from "node:querystring";
import type { buildConnector } from "undici";
import { ProxyRefusesUserError } from "./connect-error.ts";

const PORTS: Record<string, string> = { "http:": "80", "https:": "443", "socks5:": "1080", "socks5h:": "1080" };

export interface Credentials {
  user: string;
  password: string;
}

/** The other end of a tunnel; IPv6 without brackets. */
export interface Target {
  host: string;
  port: number;
}

export class ProxyServer {
  readonly isSocks: boolean;
  /** Its address; the protocol is `https:` if it expects TLS. */
  readonly address: buildConnector.Options;
  /** Undefined if its URL has none. */
  readonly credentials: Credentials | undefined;
  readonly #name: string;

  constructor(url: string) {
    const { protocol, hostname, port: written, username, password } = new URL(url);
    const port = written || PORTS[protocol]!;
    this.isSocks = protocol.startsWith("socks5");
    this.address = {
      protocol: protocol === "https:" ? protocol : "http:",
      host: hostname,
      hostname: hostname.replace(/^\[(.+)\]$/, "$1"),
      port,
    };
    if (username || password) this.credentials = { user: decode(username), password: decode(password) };
    this.#name = `${hostname}:${port}`;
  }

  /** @param answer the proxy's answer, in a word */
  refusesUser(answer: string): ProxyRefusesUserError {
    const reason = this.credentials
      ? "does not accept the user and the password in its URL"
      : "wants a user and a password: its URL takes them before the host, as user:password@";
    return new ProxyRefusesUserError(`the proxy ${this} ${reason} (${answer})`);
  }

  toString(): string {
    return this.#name;
  }
}
