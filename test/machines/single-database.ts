/** One server of PostgreSQL, which the machines reach through a proxy that cuts connections, and with --pooler through PgBouncer as well. */

import type { Random } from "../faults/random.ts";
import { PostgresServer } from "../postgres/postgres-server.ts";
import type { SharedDatabase } from "./cluster.ts";
import { CuttingProxy } from "./cutting-proxy.ts";
import { Pooler } from "./pooler.ts";

export class SingleDatabase implements SharedDatabase {
  readonly server: PostgresServer;
  readonly proxy: CuttingProxy;
  readonly #pooler: Pooler | undefined;

  private constructor(server: PostgresServer, proxy: CuttingProxy, pooler: Pooler | undefined) {
    this.server = server;
    this.proxy = proxy;
    this.#pooler = pooler;
  }

  static async start(random: Random, isPooled: boolean): Promise<SingleDatabase> {
    const server = await PostgresServer.start();
    const pooler = isPooled ? await Pooler.start(server.port) : undefined;
    return new SingleDatabase(server, await CuttingProxy.start(pooler?.port ?? server.port, random.fork()), pooler);
  }

  get address(): string {
    return `postgres://postgres@127.0.0.1:${this.proxy.port}/postgres`;
  }

  get judgeAddress(): string {
    return this.server.address();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    await this.#pooler?.[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}
