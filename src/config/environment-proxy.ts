/**
 * The proxy that the environment names for a URL, by the rules of curl: `http_proxy` or `https_proxy`, depending on the URL's
 * scheme, otherwise `all_proxy`. `no_proxy` lists the hosts that need no proxy: `*`, domain names with their subdomains,
 * addresses and networks (`10.0.0.0/8`), each with an optional port. Capital letters work as well; small letters come first.
 */

import { BlockList, isIP } from "node:net";
import { OPTIONS } from "./options.ts";
import { readValue } from "./value.ts";

export type Environment = { readonly [name: string]: string | undefined };

/** Hosts that no proxy can reach: it would look for them on its own machine. */
const OURSELVES = ["localhost", "127.0.0.0/8", "::1"];

export interface EnvironmentProxy {
  /** The proxy's URL. */
  value: string | false;
  /** The variable that decided. */
  source: string | undefined;
}

/** @throws ConfigError if the variable in force holds no proxy URL */
export function environmentProxy(env: Environment, url: string): EnvironmentProxy {
  const { protocol, hostname, port } = new URL(url);
  const source = [`${protocol.slice(0, -1)}_proxy`, "all_proxy"]
    .map((name) => written(env, name))
    .find((it) => env[it]);
  if (source === undefined) return { value: false, source };

  const host = hostname.replace(/^\[(.+)\]$|\.$/, "$1");
  const exceptions = written(env, "no_proxy");
  const applies = (entry: string) => covers(entry, host, port || (protocol === "https:" ? "443" : "80"));
  if (OURSELVES.some(applies)) return { value: false, source: undefined };
  if ((env[exceptions] ?? "").split(/[\s,]+/).some(applies)) return { value: false, source: exceptions };

  const raw = env[source]!.trim();
  // Many people write only host:port here: it is an HTTP proxy.
  const value = readValue(OPTIONS.proxy, raw.includes("://") ? raw : `http://${raw}`, source, "/");
  return { value: value as string | false, source };
}

/** The name of the variable in the case that is set. An empty variable counts as unset. */
function written(env: Environment, name: string): string {
  return env[name] ? name : name.toUpperCase();
}

/** True if an entry of `no_proxy` covers this host and port. */
function covers(entry: string, host: string, port: string): boolean {
  const [, before, only] = /^(\[.*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
  if (only !== undefined && only !== port) return false;
  const name = (before ?? entry).toLowerCase().replace(/^\[(.*)\]$/, "$1");
  if (name === "*") return true;
  if (isIP(host) !== 0) return isWithin(name, host);
  return `.${host}`.endsWith(`.${name.replace(/^\*?\./, "")}`);
}

function isWithin(network: string, address: string): boolean {
  const [first = "", length] = network.split("/");
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length);
  if (isIP(first) !== version || !(prefix >= 0 && prefix <= bits)) return false;
  const family = version === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(first, prefix, family);
  return list.check(address, family);
}
