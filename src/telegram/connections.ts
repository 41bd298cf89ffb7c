/**
 * The connections to the Bot API server, straight or through a proxy. A proxy is another way to connect, and nothing else: the
 * pools, their timeouts and what a failure means are the same either way.
 *
 * undici's own agents for proxies are not used. They know neither the pools' limits nor one for the time that a proxy may take
 * to answer, and their errors do not tell a proxy's refusal from a request that broke off.
 */

import type { Socket } from "node:net";
import { buildConnector, Pool } from "undici";
import { ConnectError } from "./connect-error.ts";
import { FreshClient, REUSE_FOR } from "./fresh-client.ts";
import { openHttpTunnel } from "./http-tunnel.ts";
import { ProxyServer, type Target } from "./proxy-server.ts";
import { reasonOf } from "./retry.ts";
import { openSocksTunnel } from "./socks-tunnel.ts";

/** How the server is reached. */
export interface Way {
  apiUrl: string;
  /** `http://`, `https://` or `socks5://`, then `[user:password@]host[:port]`; false for none. */
  proxy?: string | false;
  /** The version of IP that leads to the server, or to its proxy. */
  family?: "auto" | "4" | "6";
  /** How long it may take to connect, proxy and TLS included: ms. */
  connectTimeout?: number;
}

const CONNECT_TIMEOUT = 10_000;
/**
 * After so long a silence the system asks the other end whether it is still there, and gives it ten seconds to say so: a long
 * poll, or a call that Telegram thinks about, notices that its connection has died before its deadline does.
 */
const KEEP_ALIVE = 10_000;

export class Connections {
  readonly #origin: string;
  readonly #connect: Connect;

  constructor({ apiUrl, proxy = false, family = "auto", connectTimeout = CONNECT_TIMEOUT }: Way) {
    this.#origin = new URL(apiUrl).origin;
    // "auto" is Node.js's own way: one address after the other, each a fraction of a second after the one before.
    const version = family === "auto" ? {} : { family: Number(family) };
    const straight = buildConnector({
      timeout: connectTimeout,
      allowH2: false,
      keepAliveInitialDelay: KEEP_ALIVE,
      ...version,
    });
    this.#connect =
      proxy === false
        ? (to, done) => straight(to, (error, socket) => (error ? done(connectError(error), null) : done(null, socket)))
        : through(new ProxyServer(proxy), straight, connectTimeout);
  }

  /** @param timeout how long an answer may take to begin, and to go on: ms */
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

function through(proxy: ProxyServer, straight: Connect, timeout: number): Connect {
  const openTunnel = proxy.isSocks ? openSocksTunnel : openHttpTunnel;

  async function connect(to: Destination): Promise<Socket> {
    const deadline = AbortSignal.timeout(timeout);
    const socket = await hop(straight, proxy.address, deadline).catch((cause) => {
      throw new ConnectError(`the proxy ${proxy} cannot be reached: ${reasonOf(cause)}`, { cause });
    });
    try {
      await openTunnel(socket, proxy, targetOf(to), deadline).catch((cause) => {
        if (cause instanceof ConnectError) throw cause;
        // Not as the cause: what is no proxy's answer is part of it, and might be the request, with the password.
        throw new ConnectError(`the proxy ${proxy} does not answer as one: ${reasonOf(cause)}`);
      });
      if (to.protocol !== "https:") return socket;
      return await hop(straight, { ...to, httpSocket: socket }, deadline).catch((cause) => {
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

/** One connection of several on a way, with the deadline of all of them. */
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
