/**
 * The connections to the Bot API server, direct or through a proxy. A proxy changes how a connection is made and nothing else:
 * pools, timeouts and the meaning of failures are the same.
 *
 * undici's own proxy agents are not used. They ignore the pools' limits, set no limit to the time that a proxy may take to
 * answer, and their errors do not tell a proxy's refusal from a request that broke off.
 */

import type { Socket } from "node:net";
import { buildConnector, Pool } from "undici";
import { ConnectError } from "./connect-error.ts";
import { FreshClient, REUSE_FOR } from "./fresh-client.ts";
import { openHttpTunnel } from "./http-tunnel.ts";
import { NameLookup } from "./lookup.ts";
import { ProxyServer, type Target } from "./proxy-server.ts";
import { reasonOf } from "./retry.ts";
import { openSocksTunnel } from "./socks-tunnel.ts";

export interface ConnectionsOptions {
  apiUrl: string;
  /** Proxy URL: `http://`, `https://` or `socks5://`, then `[user:password@]host[:port]`; false for none. */
  proxy?: string | false;
  /** IP version for connecting to the server, or to the proxy. */
  family?: "auto" | "4" | "6";
  /** The time that connecting may take, proxy and TLS included: ms. */
  connectTimeout?: number;
}

const CONNECT_TIMEOUT = 10_000;
/**
 * Silence after which the system sends TCP keep-alive probes, which the other end has ten seconds to answer: a long poll or a
 * slow call notices a dead connection before its deadline. ms.
 */
const KEEP_ALIVE = 10_000;

export class Connections {
  readonly #origin: string;
  readonly #connect: Connect;

  constructor({ apiUrl, proxy = false, family = "auto", connectTimeout = CONNECT_TIMEOUT }: ConnectionsOptions) {
    this.#origin = new URL(apiUrl).origin;
    // "auto" is Node.js's default: it tries one address after the other, each a fraction of a second after the one before.
    const version = family === "auto" ? {} : { family: Number(family) };
    const names = new NameLookup();
    const connect = buildConnector({
      timeout: connectTimeout,
      allowH2: false,
      keepAliveInitialDelay: KEEP_ALIVE,
      lookup: names.lookup,
      ...version,
    });
    const direct: Connect = (to, done) =>
      connect(to, (...outcome) => {
        if (outcome[0] !== null) names.doubt();
        done(...outcome);
      });
    this.#connect =
      proxy === false
        ? (to, done) => direct(to, (error, socket) => (error ? done(connectError(error), null) : done(null, socket)))
        : through(new ProxyServer(proxy), direct, connectTimeout);
  }

  /** @param timeout the time until an answer begins, and between its pieces: ms */
  pool(connections: number, timeout: number): Pool {
    return new Pool(this.#origin, {
      connections,
      pipelining: 1,
      allowH2: false,
      connect: this.#connect,
      headersTimeout: timeout,
      bodyTimeout: timeout,
      keepAliveMaxTimeout: REUSE_FOR,
      factory: (origin, options) => new FreshClient(origin, options),
    });
  }
}

type Connect = buildConnector.connector;
type Destination = buildConnector.Options;

function through(proxy: ProxyServer, direct: Connect, timeout: number): Connect {
  const openTunnel = proxy.isSocks ? openSocksTunnel : openHttpTunnel;

  async function connect(to: Destination): Promise<Socket> {
    const deadline = AbortSignal.timeout(timeout);
    const socket = await hop(direct, proxy.address, deadline).catch((cause) => {
      throw new ConnectError(`the proxy ${proxy} cannot be reached: ${reasonOf(cause)}`, { cause });
    });
    try {
      await openTunnel(socket, proxy, targetOf(to), deadline).catch((cause) => {
        if (cause instanceof ConnectError) throw cause;
        // No cause: it holds the answer, which may echo the request, password included.
        throw new ConnectError(`the proxy ${proxy} does not answer as a proxy: ${reasonOf(cause)}`);
      });
      if (to.protocol !== "https:") return socket;
      return await hop(direct, { ...to, httpSocket: socket }, deadline).catch((cause) => {
        throw new ConnectError(`${reasonOf(cause)} behind the proxy ${proxy}`, { cause });
      });
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  return (to, done) =>
    void connect(to).then(
      (socket) => done(null, socket),
      (error) => done(error, null),
    );
}

/** One step of connecting: to the proxy, or TLS inside the tunnel. The deadline is for all steps together. */
function hop(connect: Connect, to: Destination, deadline: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const giveUp = () => reject(deadline.reason);
  deadline.addEventListener("abort", giveUp);
  connect(to, (error, socket) => {
    deadline.removeEventListener("abort", giveUp);
    if (error) reject(error);
    else if (deadline.aborted) socket.destroy();
    else resolve(socket);
  });
  return promise;
}

function targetOf({ protocol, hostname, port }: Destination): Target {
  return { host: hostname, port: Number(port || (protocol === "https:" ? 443 : 80)) };
}

function connectError(cause: unknown): ConnectError {
  return new ConnectError(reasonOf(cause), { cause });
}
