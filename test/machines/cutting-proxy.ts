/**
 * A proxy in front of a database, or of Telegram. It cuts connections at the worst moment: the server has done what it was asked for, and
 * its answer is lost. Or it swallows all bytes, as a network that is cut does; or keeps them for later, as for a machine that stands still; or hides from
 * each side that the other one is gone, as after a power cut.
 */

import { connect, createServer, type Socket } from "node:net";
import type { Random } from "../faults/random.ts";
import { Listener } from "../network/listener.ts";

export class CuttingProxy implements AsyncDisposable {
  /** The part of all requests whose answer is lost. */
  chance = 0;
  /** Nothing passes, in either direction. */
  isDown = false;
  /** Nothing passes for good, not even the end of a connection. */
  hasVanished = false;
  /** A part of a request: with the database's answer to that everything vanishes. */
  lastRequest: string | undefined;
  cuts = 0;
  #isHolding = false;
  readonly #sockets = new Set<Socket>();
  readonly #target: number;
  readonly #random: Random;
  readonly #listener = new Listener(createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket)));

  private constructor(target: number, random: Random) {
    this.#target = target;
    this.#random = random;
  }

  /** @param target port of the database */
  static async start(target: number, random: Random): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target, random);
    await proxy.#listener.listen(0, "127.0.0.1");
    return proxy;
  }

  get port(): number {
    return this.#listener.port;
  }

  /** Bytes are kept until release(). */
  hold(): void {
    this.#isHolding = true;
    for (const socket of this.#sockets) socket.pause();
  }

  release(): void {
    this.#isHolding = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(client: Socket): void {
    const database = connect(this.#target, "127.0.0.1");
    this.#listener.keep(database);
    for (const socket of [client, database]) {
      this.#sockets.add(socket.on("close", () => this.#sockets.delete(socket)));
    }
    let isCutting = false;
    let isLast = false;
    client.on("data", (bytes) => {
      if (this.isDown || this.hasVanished) return;
      isLast ||= this.lastRequest !== undefined && bytes.includes(this.lastRequest);
      isCutting ||= this.#random.chance(this.chance);
      database.write(bytes);
    });
    database.on("data", (bytes) => {
      this.hasVanished ||= isLast;
      if (this.isDown || this.hasVanished) return;
      if (!isCutting) return void client.write(bytes);
      this.cuts += 1;
      client.destroy();
    });
    const unlessVanished = (end: () => void) => () => void (this.hasVanished || end());
    client.on(
      "end",
      unlessVanished(() => client.end()),
    );
    client.on(
      "close",
      unlessVanished(() => database.destroy()),
    );
    database.on(
      "close",
      unlessVanished(() => client.destroy()),
    );
    if (this.#isHolding) for (const socket of [client, database]) socket.pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
  }
}
