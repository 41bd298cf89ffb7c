/** URLs as td reads them: `parse_url` in HttpUrl.cpp, and `LinkManager::check_link`. */

import { isIPv6 } from "node:net";
import { badRequest, within } from "./refusal.ts";

export interface Link {
  protocol: "http" | "https";
  /** Without its `@`. */
  userinfo: string;
  /** An IPv6 address is in brackets. */
  host: string;
  /** That of the protocol, if the URL has none. */
  port: number;
  hasPort: boolean;
  /** Path, query and fragment, beginning with `/`. */
  path: string;
}

/** @param scheme of a URL that has none @throws Refusal (400) */
export function parseLink(text: string, scheme: Link["protocol"] = "http"): Link {
  const [, given, rest] = /^(?:([^:/?#@[\]]*):\/\/)?(.*)$/s.exec(text)!;
  const protocol = given?.toLowerCase() ?? scheme;
  if (protocol !== "http" && protocol !== "https") throw badRequest("Unsupported URL protocol");
  const [, authority, path] = /^([^/?#]*)(.*)$/s.exec(rest!)!;
  const [, userinfo = "", address] = /^(?:(.*)@)?(.*)$/s.exec(authority!)!;
  const [, host, digits] = /^(.*?)(?::([^:\]]*))?$/s.exec(address!)!;
  const port = digits === undefined ? 0 : portOf(digits);
  const isAddress = host!.startsWith("[") && host!.endsWith("]");
  if (isAddress && !isIPv6(host!.slice(1, -1))) throw badRequest("Wrong IPv6 address specified in the URL");
  if (host === "") throw badRequest("URL host is empty");
  if (host === ".") throw badRequest("Host is invalid");
  if (!isAddress) {
    checkCharacters(host!, "host");
    checkCharacters(userinfo.replaceAll(":", ""), "userinfo");
  }
  return {
    protocol,
    userinfo,
    host: host!.toLowerCase(),
    port: port === 0 ? (protocol === "http" ? 80 : 443) : port,
    hasPort: port !== 0,
    path: `${path!.startsWith("/") ? "" : "/"}${path!.trimEnd().replaceAll(/[\0- ]/g, encodeURIComponent)}`,
  };
}

/** Characters of RFC 3986, and all beyond ASCII. */
function checkCharacters(part: string, name: string): void {
  if (/%(?![\da-f]{2})/i.test(part)) throw badRequest(`Wrong percent-encoded symbol in URL ${name}`);
  if (!/^[\w.!$,~*'();&+=%\u0080-\uffff-]*$/.test(part)) throw badRequest(`Disallowed character in URL ${name}`);
}

function portOf(digits: string): number {
  const port = /^\d+$/.test(digits) ? Number(digits) : 0;
  if (port < 1 || port > 65_535) throw badRequest("Wrong port number specified in the URL");
  return port;
}

/** The link in full. */
export function textOfLink({ protocol, userinfo, host, port, hasPort, path }: Link): string {
  return `${protocol}://${userinfo === "" ? "" : `${userinfo}@`}${host}${hasPort ? `:${port}` : ""}${path}`;
}

export interface LinkKinds {
  /** True if links of Telegram's own schemes, and of http, are refused. */
  httpsOnly?: boolean;
}

/** The link of a button in full: a missing scheme and path are added. @throws Refusal (400) */
export function checkedLink(text: string, { httpsOnly = false }: LinkKinds = {}): string {
  return within(`URL '${text}' is invalid`, () => fullLink(text, httpsOnly));
}

const OWN_SCHEME = /^(tg|ton|tonsite):(?:\/\/)?/i;

function fullLink(text: string, httpsOnly: boolean): string {
  const scheme = OWN_SCHEME.exec(text)?.[1]?.toLowerCase();
  const link = parseLink(text.replace(OWN_SCHEME, ""));
  if (httpsOnly && (link.protocol !== "https" || scheme !== undefined))
    throw badRequest("Only HTTPS links are allowed");
  if (scheme !== undefined) return ownLink(scheme, link);
  if (!link.host.includes(".") && !link.host.startsWith("[")) throw badRequest("Wrong HTTP URL");
  return textOfLink(link);
}

function ownLink(scheme: string, { protocol, userinfo, host, hasPort, path }: Link): string {
  if (protocol === "https" || userinfo !== "" || hasPort) {
    throw badRequest(scheme === "tg" ? "Wrong tg URL" : "Wrong ton URL");
  }
  const allowed = scheme === "tonsite" ? /^[\w.-]+$/ : /^[\w-]+$/;
  if (!allowed.test(host)) throw badRequest("Unallowed characters in URL host");
  return `${scheme}://${host}${path.replace(/^\/\?/, "?")}`;
}
