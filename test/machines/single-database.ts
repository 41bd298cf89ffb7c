/**
 * One server of PostgreSQL. Each machine reaches it through a network that fails (cutting-proxy.ts), and with --pooler through PgBouncer as
 * well.
 */

import type { Random } from "../faults/random.ts";
import { PostgresServer } from "../postgres/postgres-server.ts";
import type { SharedDatabase } from "./cluster.ts";
import { CuttingProxy } from "./cutting-proxy.ts";
import { Pooler } from "./pooler.ts";

export class SingleDatabase implements SharedDatabase {
  readonly server: PostgresServer;
  /** The networks of machines, by their names. */
  readonly networks = new Map<string, CuttingProxy>();
  /** The part of all requests whose answer is lost. */
  #chance = 0;
  readonly #random: Random;
  readonly #pooler: Pooler | undefined;

  private constructor(server: PostgresServer, random: Random, pooler: Pooler | undefined) {
    this.server = server;
    this.#random = random;
    this.#pooler = pooler;
  }

  static async start(random: Random, isPooled: boolean): Promise<SingleDatabase> {
    const server = await PostgresServer.start();
    const pooler = isPooled ? await Pooler.start(server.port) : undefined;
    return new SingleDatabase(server, random.fork(), pooler);
  }

  async addressFor(machine: string): Promise<string> {
    const network = await CuttingProxy.start(this.#pooler?.port ?? this.server.port, this.#random.fork());
    network.chance = this.#chance;
    this.networks.set(machine, network);
    return `postgres://postgres@127.0.0.1:${network.port}/postgres`;
  }

  get judgeAddress(): string {
    return this.server.address();
  }

  /** @param chance the part of all requests of all machines whose answer is lost */
  cutAnswers(chance: number): void {
    this.#chance = chance;
    for (const network of this.networks.values()) network.chance = chance;
  }

  /** Number of connections that were cut before their answers. */
  get cuts(): number {
    return [...this.networks.values()].reduce((sum, { cuts }) => sum + cuts, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const network of this.networks.values()) await network[Symbol.asyncDispose]();
    await this.#pooler?.[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}
