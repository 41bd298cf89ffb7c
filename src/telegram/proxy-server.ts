/** The proxy on the way to the Bot API server. Shown as text, it is its host and port alone. */

import { unescape as decode } from "node:querystring";
import type { buildConnector } from "undici";
import { ProxyRefusesUserError } from "./connect-error.ts";

const PORTS: Record<string, string> = { "http:": "80", "https:": "443", "socks5:": "1080", "socks5h:": "1080" };

export interface Credentials {
  user: string;
  password: string;
}

/** Where a tunnel leads; IPv6 without brackets. */
export interface Target {
  host: string;
  port: number;
}

export class ProxyServer {
  readonly isSocks: boolean;
  /** Where it is, and whether it is spoken to through TLS. */
  readonly address: buildConnector.Options;
  /** Undefined where its URL names none. */
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

  /** @param answer what it said, in a word */
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
