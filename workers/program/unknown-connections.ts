/**
 * Refuses connections to Telegram by clients whose requests cannot be answered here, because they write to a socket of their own: undici
 * from npm, and HTTP/2. Without that Telegram would refuse the program's stand-in for the token, without the cause.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { syncBuiltinESMExports } from "node:module";
import { Socket } from "node:net";
import tls from "node:tls";

const HOST = "api.telegram.org";

/** Has a value in code that connects for a request which was seen, and is not answered here. */
export const knownConnections = new AsyncLocalStorage<true>();

/** @returns takes the function back */
export function refuseUnknownConnections(): () => void {
  const { connect } = tls;
  const checked = (...args: unknown[]) => {
    const isKnown = knownConnections.getStore() ?? !args.some(namesHost);
    return isKnown ? (connect as (...args: unknown[]) => Socket)(...args) : refused();
  };
  tls.connect = checked as typeof connect;
  syncBuiltinESMExports();
  return () => {
    tls.connect = connect;
    syncBuiltinESMExports();
  };
}

/** True for the host among the arguments of `tls.connect(options)` and `tls.connect(port, host, options)`. */
function namesHost(argument: unknown): boolean {
  if (typeof argument !== "object" || argument === null) return argument === HOST;
  const { host, servername } = argument as tls.ConnectionOptions;
  return host === HOST || servername === HOST;
}

function refused(): Socket {
  const message =
    `the program calls ${HOST} by a client of its own, not by fetch, node:http or node:https: ` +
    "asgigram cannot answer undici's own functions, nor HTTP/2";
  return new Socket().destroy(Object.assign(new Error(message), { code: "ECONNREFUSED" }));
}
