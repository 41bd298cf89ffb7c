/** TLS in front of a server that speaks none, as a reverse proxy would put it there. */

import { once } from "node:events";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import { createServer } from "node:tls";
import type { Certificate } from "./certificate.ts";

export class TlsFront implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(url: string, { key, cert }: Certificate) {
    const { hostname, port } = new URL(url);
    this.#server = createServer({ key, cert }, (outside) => {
      const inside = connect(Number(port), hostname.replace(/^\[(.+)\]$/, "$1"));
      for (const socket of [outside, inside]) {
        this.#sockets.add(socket);
        socket.on("error", () => {}).on("close", () => this.#sockets.delete(socket));
      }
      outside.on("close", () => inside.destroy()).pipe(inside);
      inside.on("close", () => outside.destroy()).pipe(outside);
    });
    this.#server.on("tlsClientError", () => {});
  }

  /** @param url of the server behind */
  static async start(url: string, certificate: Certificate, host = "127.0.0.1"): Promise<TlsFront> {
    const front = new TlsFront(url, certificate);
    front.#server.listen(0, host);
    await once(front.#server, "listening");
    return front;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
