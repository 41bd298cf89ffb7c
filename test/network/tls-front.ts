/** TLS in front of a server without TLS, like a reverse proxy. */

import { connect } from "node:net";
import { createServer } from "node:tls";
import type { Certificate } from "./certificate.ts";
import { join, Listener } from "./listener.ts";

export class TlsFront implements AsyncDisposable {
  readonly #listener: Listener;

  private constructor(url: string, { key, cert }: Certificate) {
    const { hostname, port } = new URL(url);
    const server = createServer({ key, cert }, (outside) => {
      const inside = connect(Number(port), hostname.replace(/^\[(.+)\]$/, "$1"));
      this.#listener.keep(outside);
      this.#listener.keep(inside);
      join(outside, inside);
    });
    this.#listener = new Listener(server.on("tlsClientError", () => {}));
  }

  /** @param url the server behind */
  static async start(url: string, certificate: Certificate, host = "127.0.0.1"): Promise<TlsFront> {
    const front = new TlsFront(url, certificate);
    await front.#listener.listen(0, host);
    return front;
  }

  get port(): number {
    return this.#listener.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
  }
}
