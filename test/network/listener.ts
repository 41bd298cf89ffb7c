/** A test's server. Its connections end with it. */

import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";

export class Listener implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(server: Server) {
    this.#server = server.on("connection", (socket) => this.keep(socket));
  }

  async listen(port: number, host: string): Promise<void> {
    this.#server.listen(port, host);
    await once(this.#server, "listening");
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends this socket with the server, too, and ignores its errors. */
  keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {}).on("close", () => this.#sockets.delete(socket));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    // A server that the test has closed already reports an error, which is ignored.
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Connects two sockets: the bytes and the end of each go to the other. */
export function join(one: Socket, other: Socket): void {
  one.on("close", () => other.destroy()).pipe(other);
  other.on("close", () => one.destroy()).pipe(one);
}
