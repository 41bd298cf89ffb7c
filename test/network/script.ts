/** A server that sends scripted answers, one to each piece that it receives, and a connection to it. */

import { on, once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";

export const HANG_UP = null;

/** Bytes, as the characters of latin1. */
type Piece = string | typeof HANG_UP;

export class Script implements AsyncDisposable {
  /** The client's end. */
  readonly socket: Socket;
  /** All bytes from the client. */
  heard: Buffer = Buffer.alloc(0);
  readonly #server;

  private constructor(socket: Socket, server: ReturnType<typeof createServer>) {
    this.socket = socket;
    this.#server = server;
  }

  /** @param answers one to each piece received; an array is sent in pieces */
  static async start(answers: readonly (Piece | readonly Piece[])[]): Promise<Script> {
    const server = createServer({ noDelay: true }, async (socket) => {
      socket
        .on("error", () => {})
        .on("data", (bytes: Buffer) => {
          script.heard = Buffer.concat([script.heard, bytes]);
        });
      const hearing = on(socket, "data");
      for (const answer of answers) {
        await hearing.next();
        for (const piece of [answer].flat()) {
          if (piece === HANG_UP) socket.end();
          else socket.write(piece, "latin1");
          await turn();
        }
      }
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1").on("error", () => {});
    const script = new Script(socket, server);
    await once(socket, "connect");
    return script;
  }

  /** The next bytes out of the tunnel. */
  async next(length: number): Promise<string> {
    let text = "";
    while (text.length < length) {
      const byte: Buffer | null = this.socket.read(1);
      if (byte === null) await once(this.socket, "readable");
      else text += byte;
    }
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
