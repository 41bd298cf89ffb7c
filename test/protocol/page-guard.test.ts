import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { reasonToRefuse } from "../../src/protocol/page-guard.ts";

interface Request {
  host?: string;
  origin?: string;
  at?: string;
  configured?: string;
}

function isRefused({ host, origin, at = "127.0.0.1", configured = "127.0.0.1" }: Request): boolean {
  const headers = { ...(host !== undefined && { host }), ...(origin !== undefined && { origin }) };
  return reasonToRefuse({ headers, socket: { localAddress: at } }, configured) !== undefined;
}

const ALLOWED: { readonly [what: string]: Request } = {
  "loopback by its address": { host: "127.0.0.1:8082" },
  "loopback by another of its addresses": { host: "127.0.1.1:8082", at: "127.0.1.1" },
  "loopback of IPv6": { host: "[::1]:8082", at: "::1" },
  "loopback of IPv4 on a socket of IPv6": { host: "localhost:8082", at: "::ffff:127.0.0.1" },
  "localhost in any spelling": { host: "LocalHost" },
  "a name below localhost": { host: "bot.localhost:8082" },
  "the configured name, which may point to loopback": { host: "My-Machine:8082", configured: "my-machine" },
  "a name of another machine's choice": { host: "bot:8082", at: "10.0.0.7" },
  "no name at all": {},
  "a page of its own": { host: "127.0.0.1:8082", origin: "http://127.0.0.1:8082" },
  "a page of its own behind a proxy with TLS": { host: "bot.example", origin: "https://bot.example", at: "10.0.0.7" },
};

const REFUSED: { readonly [what: string]: Request } = {
  "a page of another site": { host: "127.0.0.1:8082", origin: "https://evil.example" },
  "a page of another port": { host: "127.0.0.1:8082", origin: "http://127.0.0.1:3000" },
  "a page without an origin of its own": { host: "127.0.0.1:8082", origin: "null" },
  "a page on another address": { host: "bot:8082", origin: "https://evil.example", at: "10.0.0.7" },
  "a foreign name on loopback": { host: "evil.example:8082" },
  "a foreign name on loopback, with a page of that name": { host: "evil.example", origin: "http://evil.example" },
  "a foreign name on loopback of IPv6": { host: "evil.example", at: "::1" },
  "a name that only begins like localhost": { host: "localhost.evil.example" },
  "a name that only begins like an address": { host: "127.0.0.1.evil.example" },
};

describe("a request to an HTTP server without a password", () => {
  for (const [what, request] of Object.entries(ALLOWED)) {
    test(`${what} is answered`, () => assert.equal(isRefused(request), false));
  }
  for (const [what, request] of Object.entries(REFUSED)) {
    test(`${what} is refused`, () => assert.equal(isRefused(request), true));
  }
});
