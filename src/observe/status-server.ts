/**
 * The HTTP server of `--listen`:
 *
 *   /healthz    200: the process lives and its event loop turns
 *   /readyz     200, or 503 with the reasons as JSON
 *   /metrics    metrics in Prometheus's text format
 *
 * Requests of web pages are answered with 403.
 */

import type { AddressInfo } from "node:net";
import { createAdaptorServer, type HttpBindings, type ServerType } from "@hono/node-server";
import { Hono } from "hono";
import { ListenError } from "../protocol/errors.ts";
import { hostInUrl } from "../protocol/host-in-url.ts";
import { reasonToRefuse } from "../protocol/page-guard.ts";
import type { Metrics } from "./metrics.ts";
import { whyNotReady } from "./readiness.ts";
import type { Status } from "./status.ts";

export interface StatusServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  status(): Status;
  readonly metrics: Pick<Metrics, "text" | "contentType">;
}

export class StatusServer {
  readonly url: string;
  readonly #server: ServerType;

  private constructor(server: ServerType) {
    const { address, port } = server.address() as AddressInfo;
    this.url = `http://${hostInUrl(address)}:${port}`;
    this.#server = server;
  }

  /** @throws ListenError */
  static async listen(options: StatusServerOptions): Promise<StatusServer> {
    const server = createAdaptorServer({ fetch: routes(options).fetch });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
    await promise.catch((cause) => {
      throw listenError(options, cause);
    });
    server.off("error", reject);
    return new StatusServer(server);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    if ("closeAllConnections" in this.#server) this.#server.closeAllConnections();
    await closed;
  }
}

type Env = { Bindings: HttpBindings };

/** No route reads the body of a request, so its length does not matter. */
function routes({ host, status, metrics }: StatusServerOptions): Hono<Env> {
  const app = new Hono<Env>();
  app.use(async (c, next) => {
    const reason = reasonToRefuse(c.env.incoming, host);
    return reason === undefined ? next() : c.text(`${reason}\n`, 403);
  });
  app.get("/healthz", (c) => c.text("ok\n"));
  app.get("/readyz", async (c) => {
    const reasons = await whyNotReady(status());
    return reasons.length === 0 ? c.json({ ready: true }) : c.json({ ready: false, reasons }, 503);
  });
  app.get("/metrics", async (c) => c.body(await metrics.text(), 200, { "content-type": metrics.contentType }));
  return app;
}

/** Names the address, the cause and the remedy. */
export function listenError(
  { host, port }: Pick<StatusServerOptions, "host" | "port">,
  cause: NodeJS.ErrnoException,
): ListenError {
  const remedy = REMEDIES[cause.code ?? ""] ?? cause.message;
  return new ListenError(`cannot listen on ${hostInUrl(host)}:${port}: ${remedy}`, { cause });
}

const REMEDIES: { readonly [code: string]: string } = {
  EADDRINUSE: "something listens there already; stop that, or choose another --listen",
  EADDRNOTAVAIL: "no interface of this machine has that address; choose another --listen",
  EACCES: "this user may not use that port; choose one above 1023 for --listen",
  ENOTFOUND: "no such host; name an address of this machine in --listen",
  EAI_AGAIN: "the host name cannot be resolved now; name an address in --listen",
};
