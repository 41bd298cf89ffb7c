/**
 * A PostgreSQL that heals itself, on loopback, from the distribution's packages: three members of etcd and three nodes of Patroni, in
 * synchronous mode. It leaves nothing behind.
 */

import { chownSync } from "node:fs";
import { Database } from "../../../src/inbox/postgres/database.ts";
import { eventually } from "../../eventually.ts";
import type { Random } from "../../faults/random.ts";
import { Folder } from "../../folder.ts";
import { USER } from "../../postgres/binaries.ts";
import type { SharedDatabase } from "../cluster.ts";
import { debianPostgres, programOf } from "../debian-program.ts";
import { Etcd } from "./etcd.ts";
import { PatroniNode } from "./node.ts";

/** The machines' role. It is none that may do all: those have connections that Patroni needs when all others are in use. */
const ROLE = "bot";

export class Patroni implements SharedDatabase {
  readonly etcd: Etcd;
  readonly nodes: readonly PatroniNode[];
  readonly #folder: Folder;

  private constructor(etcd: Etcd, nodes: readonly PatroniNode[], folder: Folder) {
    this.etcd = etcd;
    this.nodes = nodes;
    this.#folder = folder;
  }

  /** Resolves when it has a primary, a synchronous standby and another one. @throws if a package is missing */
  static async start(random: Random): Promise<Patroni> {
    requirePackages();
    const folder = new Folder();
    if (USER.uid !== undefined) chownSync(folder.path, USER.uid, USER.gid);
    const etcd = await Etcd.start(folder.path);
    const nodes: PatroniNode[] = [];
    const patroni = new Patroni(etcd, nodes, folder);
    try {
      for (const name of ["db1", "db2", "db3"])
        nodes.push(await PatroniNode.start(name, folder.path, etcd.ports, random));
      await patroni.healed();
      await patroni.#makeRole();
      return patroni;
    } catch (error) {
      await patroni[Symbol.asyncDispose]();
      throw error;
    }
  }

  addressFor(_machine: string): string {
    return this.#addressOf(ROLE);
  }

  get judgeAddress(): string {
    return this.#addressOf(ROLE);
  }

  /** @param before the primary before, which may not know yet that it is none */
  async primary(before?: PatroniNode): Promise<PatroniNode> {
    return await this.#find(async (node) => node !== before && (await node.is("primary")));
  }

  /** The standby that commits wait for. */
  async standby(): Promise<PatroniNode> {
    return await this.#find((node) => node.is("synchronous"));
  }

  /** Resolves when there is one primary, and all other nodes are its standbys: commits wait for one of them. */
  async healed(): Promise<void> {
    await eventually(
      async () => {
        const roles = await Promise.all(this.nodes.map((node) => node.role()));
        const count = (role: string) => roles.filter((one) => one === role).length;
        return count("primary") === 1 && count("replica") === this.nodes.length - 1;
      },
      () => this.#logs,
    );
    await this.standby();
  }

  #addressOf(role: string): string {
    return `postgres://${role}@${this.nodes.map(({ port }) => `127.0.0.1:${port}`).join()}/postgres`;
  }

  async #makeRole(): Promise<void> {
    const client = await (await Database.at(this.#addressOf("postgres"))).connect("setup");
    await client.query(`CREATE ROLE ${ROLE} LOGIN; GRANT CREATE ON DATABASE postgres TO ${ROLE}`);
    await client.end();
  }

  async #find(isIt: (node: PatroniNode) => Promise<boolean>): Promise<PatroniNode> {
    return await eventually(
      async () => {
        const are = await Promise.all(this.nodes.map(isIt));
        return this.nodes[are.indexOf(true)];
      },
      () => this.#logs,
    );
  }

  get #logs(): string {
    return this.nodes.map(({ name, log }) => `${name}: ${log}`).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.nodes) await node[Symbol.asyncDispose]();
    await this.etcd[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

/** Before anything is started. */
function requirePackages(): void {
  debianPostgres();
  programOf("patroni");
  programOf("etcd", "etcd-server");
}
