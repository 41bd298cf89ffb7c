/**
 * Keeps web pages away from the simulator, which has no password. A page of any site may send requests to any address that its browser
 * reaches, and under a name of its own it may read the answers: it lets the name point to 127.0.0.1 (DNS rebinding).
 */

import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

type Headers = Pick<IncomingHttpHeaders, "host" | "origin" | "sec-fetch-site" | "user-agent">;

const LOCALHOST = /^(.+\.)?localhost\.?$/;

/** The reason to refuse a request of a page of another origin, with 403. Browsers tell the origin, or at least that there is another one. */
export function refusalOfPage({ host, origin, "sec-fetch-site": site = "none" }: Headers): string | undefined {
  const isForeign = origin !== undefined && URL.parse(origin)?.host !== URL.parse(`http://${host}`)?.host;
  if (!isForeign && (site === "none" || site === "same-origin")) return undefined;
  return "pages of another origin may not use this server";
}

/**
 * True for a request of a browser; libraries for bots send none of these headers. A page of http://evil.example sends a GET to its own name
 * with `user-agent` alone: `origin` comes with a POST, `sec-fetch-site` with requests to loopback and over https
 * (https://w3c.github.io/webappsec-fetch-metadata/).
 */
export const isOfBrowser = ({ origin, "sec-fetch-site": site, "user-agent": agent = "" }: Headers): boolean =>
  origin !== undefined || site !== undefined || agent.startsWith("Mozilla/");

/**
 * The reason to refuse a request by the name under which the server was asked. No page can make its own name look like an IP address or
 * like localhost.
 * @param hosts further names, in lower case
 */
export function refusalOfName({ host }: Headers, hosts: ReadonlySet<string>): string | undefined {
  const name = URL.parse(`http://${host ?? ""}`)?.hostname.replace(/^\[(.*)\]$/, "$1");
  if (name === undefined) return "the request names no host";
  if (isIP(name) > 0 || LOCALHOST.test(name) || hosts.has(name)) return undefined;
  return `this server is not asked as ${name}: use localhost, the IP address, or --allow-host ${name} (allowHosts)`;
}
