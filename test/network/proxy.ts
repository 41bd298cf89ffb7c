/** Common parts of the tests' proxies: real ones, which listen and connect on loopback only. */

import type { LookupFunction } from "node:net";

export interface ProxyOptions {
  /** `user:password` that it demands; none unless given. */
  login?: string;
  /** A free one unless given. */
  port?: number;
}

export interface TestProxy extends AsyncDisposable {
  readonly port: number;
  /** The targets that were asked for, as `host:port`, in order. */
  readonly asked: readonly string[];
}

/** A proxy resolves every name to 127.0.0.1. */
export const lookUp: LookupFunction = (_name, { all }, done) => {
  const address = { address: "127.0.0.1", family: 4 };
  if (all) done(null, [address]);
  else done(null, address.address, address.family);
};
