/** The address of /healthz, /readyz and /metrics: parsed, as a URL, and found without starting a server. */

import { ConfigError } from "../protocol/errors.ts";
import { hostInUrl } from "../protocol/host-in-url.ts";
import { OPTIONS } from "./options.ts";
import { gather, type Sources } from "./sources.ts";

export interface ListenAddress {
  /** An IPv6 address has no brackets. */
  readonly host: string;
  readonly port: number;
}

/** @param address as value.ts normalises it: `127.0.0.1:8082`, `[::1]:8082` */
export function parseAddress(address: string): ListenAddress {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), port: Number(address.slice(colon + 1)) };
}

/** The URL of the server for clients on this machine. A server on every interface is reached on loopback. */
export function urlOf({ host, port }: ListenAddress): string {
  const reachable = EVERY_INTERFACE[host] ?? host;
  return `http://${hostInUrl(reachable)}:${port}`;
}

const EVERY_INTERFACE: { readonly [host: string]: string } = {
  "0.0.0.0": "127.0.0.1",
  // It takes IPv4 as well, and a container has no ::1 where its network is IPv4 alone.
  "::": "127.0.0.1",
};

/**
 * Finds the address as the server does, but needs no token and no application. The default is the address of a bare `--listen`.
 * @throws ConfigError
 */
export async function findListenAddress(sources: Sources): Promise<ListenAddress> {
  const layers = await gather(sources);
  const entry = layers.find("listen");
  const address = entry === undefined ? OPTIONS.listen.alone : (layers.valueOf(entry) as string | false);
  if (address !== false) return parseAddress(address);
  throw new ConfigError(`${entry!.source} is off, so the server cannot be asked`);
}
