/**
 * The proxy that the environment names for a URL, by the rules of curl and of most others: `http_proxy` or `https_proxy`, as the
 * URL begins, otherwise `all_proxy`. `no_proxy` lists what is reached without: `*`, names and all below them, addresses and
 * networks (`10.0.0.0/8`), each perhaps with a port. Each variable may be in capitals; the one in small letters counts first.
 */

import { BlockList, isIP } from "node:net";
import { OPTIONS } from "./options.ts";
import { readValue } from "./value.ts";

export type Environment = { readonly [name: string]: string | undefined };

/** What no proxy could find: it would look for it on its own machine. */
const OURSELVES = ["localhost", "127.0.0.0/8", "::1"];

export interface EnvironmentProxy {
  /** The proxy's URL. */
  value: string | false;
  /** The variable that settled it. */
  source: string | undefined;
}

/** @throws ConfigError for a variable that counts and holds no proxy's URL */
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
  // Without a scheme it is an HTTP proxy: many write no more than host:port here.
  const value = readValue(OPTIONS.proxy, raw.includes("://") ? raw : `http://${raw}`, source, "/");
  return { value: value as string | false, source };
}

/** How the variable is written here; an empty one counts as unset. */
function written(env: Environment, name: string): string {
  return env[name] ? name : name.toUpperCase();
}

/** Whether an entry of `no_proxy` is about this host and port. */
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
