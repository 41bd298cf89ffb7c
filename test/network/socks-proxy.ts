/** A SOCKS5 proxy (RFC 1928, RFC 1929) with the command CONNECT. */

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join, Listener } from "./listener.ts";
import { lookUp, type ProxyOptions, type TestProxy } from "./proxy.ts";

const ANONYMOUS = 0;
const WITH_PASSWORD = 2;
const NONE_ACCEPTED = 0xff;

export class SocksProxy implements TestProxy {
  readonly asked: string[] = [];
  readonly #login: string | undefined;
  readonly #listener = new Listener(
    createServer((socket) => {
      this.#serve(socket).catch(() => socket.destroy());
    }),
  );

  private constructor(login: string | undefined) {
    this.#login = login;
  }

  static async start({ login, port = 0 }: ProxyOptions = {}): Promise<SocksProxy> {
    const proxy = new SocksProxy(login);
    await proxy.#listener.listen(port, "127.0.0.1");
    return proxy;
  }

  get port(): number {
    return this.#listener.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
  }

  async #serve(client: Socket): Promise<void> {
    if (!(await this.#admit(client))) return void client.end();
    const [, , , type] = await read(client, 4);
    const [length] = type === 3 ? await read(client, 1) : [type === 1 ? 4 : 16];
    const address = await read(client, length!);
    const host = type === 3 ? address.toString() : type === 1 ? address.join(".") : expanded(address);
    const port = (await read(client, 2)).readUInt16BE();
    this.asked.push(`${host}:${port}`);
    const target = connect({ host, port, lookup: lookUp });
    this.#listener.keep(target);
    try {
      await once(target, "connect");
    } catch {
      return void client.end(Buffer.of(5, 5, 0, 1, 0, 0, 0, 0, 0, 0));
    }
    client.write(Buffer.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 0));
    join(client, target);
  }

  async #admit(client: Socket): Promise<boolean> {
    const [, count] = await read(client, 2);
    const methods = await read(client, count!);
    const wanted = this.#login === undefined ? ANONYMOUS : WITH_PASSWORD;
    const isOffered = methods.includes(wanted);
    client.write(Buffer.of(5, isOffered ? wanted : NONE_ACCEPTED));
    if (!isOffered || wanted === ANONYMOUS) return isOffered;
    await read(client, 1);
    const user = await read(client, (await read(client, 1))[0]!);
    const password = await read(client, (await read(client, 1))[0]!);
    const isRight = `${user}:${password}` === this.#login;
    client.write(Buffer.of(1, isRight ? 0 : 1));
    return isRight;
  }
}

/** Reads byte by byte: the bytes after these are the target's. */
async function read(socket: Socket, length: number): Promise<Buffer> {
  const bytes: number[] = [];
  while (bytes.length < length) {
    const byte: Buffer | null = socket.read(1);
    if (byte !== null) bytes.push(byte[0]!);
    else if (socket.readable) await once(socket, "readable");
    else throw new Error("the client hung up");
  }
  return Buffer.from(bytes);
}

function expanded(address: Buffer): string {
  return address.toString("hex").replaceAll(/(....)(?!$)/g, "$1:");
}
