/** What the proxies of the tests have in common: they are real ones, on loopback, and lead nowhere else. */

import type { LookupFunction } from "node:net";

export interface ProxyOptions {
  /** `user:password` of the one who may use it; anybody may unless given. */
  login?: string;
  /** Any that is free unless given. */
  port?: number;
}

export interface TestProxy extends AsyncDisposable {
  readonly port: number;
  /** What it was asked to connect to, as `host:port`, in order. */
  readonly asked: readonly string[];
}

/** For a proxy every name is one of this machine's. */
export const lookUp: LookupFunction = (_name, { all }, done) => {
  const address = { address: "127.0.0.1", family: 4 };
  if (all) done(null, [address]);
  else done(null, address.address, address.family);
};
