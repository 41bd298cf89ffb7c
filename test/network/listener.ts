/** A server of a test, with all its connections: what is left of them ends with it. */

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

  /** Any other socket, too, ends with the server; that one fails is nobody's concern. */
  keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {}).on("close", () => this.#sockets.delete(socket));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    // A test may have closed it before: then it says so, and that is all.
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** What comes from either goes to the other, its end included. */
export function join(one: Socket, other: Socket): void {
  one.on("close", () => other.destroy()).pipe(other);
  other.on("close", () => one.destroy()).pipe(one);
}
