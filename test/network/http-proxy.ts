/** An HTTP proxy; with a certificate it expects TLS. */

import { type PrepareRequestFunction, Server } from "proxy-chain";
import type { Certificate } from "./certificate.ts";
import { lookUp, type ProxyOptions, type TestProxy } from "./proxy.ts";

export interface HttpProxyOptions extends ProxyOptions {
  certificate?: Certificate;
}

export class HttpProxy implements TestProxy {
  readonly asked: string[] = [];
  readonly #server: Server;

  private constructor({ login, port = 0, certificate }: HttpProxyOptions) {
    const prepareRequestFunction: PrepareRequestFunction = ({ username, password, hostname, port, isHttp }) => {
      this.asked.push(isHttp ? "no tunnel" : `${hostname}:${port}`);
      const requestAuthentication = login !== undefined && login !== `${username}:${password}`;
      return { requestAuthentication, dnsLookup: lookUp as never };
    };
    const options = { port, host: "127.0.0.1", prepareRequestFunction };
    this.#server = new Server(
      certificate ? { ...options, serverType: "https", httpsOptions: certificate } : { ...options, serverType: "http" },
    );
  }

  static async start(options: HttpProxyOptions = {}): Promise<HttpProxy> {
    const proxy = new HttpProxy(options);
    await proxy.#server.listen();
    return proxy;
  }

  get port(): number {
    return this.#server.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close(true);
  }
}
