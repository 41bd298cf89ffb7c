/**
 * A node of Patroni: its PostgreSQL, and the proxies that are its network. What comes from other nodes and from machines, and what it says
 * to etcd, goes through them.
 */

import { type ChildProcess, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { signalTree, startChild } from "../../child.ts";
import { eventually } from "../../eventually.ts";
import type { Random } from "../../faults/random.ts";
import { freePort } from "../../network/free-port.ts";
import { USER } from "../../postgres/binaries.ts";
import { CuttingProxy } from "../cutting-proxy.ts";
import { debianPostgres, programOf } from "../debian-program.ts";
import { configOf, type Ports } from "./config.ts";

export class PatroniNode implements AsyncDisposable {
  readonly name: string;
  readonly #folder: string;
  readonly #ports: Ports;
  readonly #network: readonly CuttingProxy[];
  #process: ChildProcess | undefined;

  private constructor(name: string, folder: string, ports: Ports, network: readonly CuttingProxy[]) {
    this.name = name;
    this.#folder = folder;
    this.#ports = ports;
    this.#network = network;
    // PostgreSQL is no child of this process: it would outlive a test that fails.
    process.on("exit", () => this.#signalPostgres("SIGKILL"));
  }

  /** @param folder that the user of the programs may write to @param etcd ports */
  static async start(name: string, folder: string, etcd: readonly number[], random: Random): Promise<PatroniNode> {
    const [postgres, api] = [await freePort(), await freePort()];
    const network: CuttingProxy[] = [];
    for (const target of [postgres, api, ...etcd]) network.push(await CuttingProxy.start(target, random.fork()));
    const [shownPostgres, shownApi, ...shownEtcd] = network.map(({ port }) => port) as [number, number, ...number[]];
    const ports = { postgres, api, shownPostgres, shownApi, etcd: shownEtcd };
    const node = new PatroniNode(name, join(folder, name), ports, network);
    mkdirSync(node.#folder);
    const config = configOf(name, node.#folder, debianPostgres(), ports);
    writeFileSync(node.#config, JSON.stringify(config, null, 2));
    if (USER.uid !== undefined) execFileSync("chown", ["-R", `${USER.uid}:${USER.gid}`, node.#folder]);
    node.run();
    return node;
  }

  /** Port of its PostgreSQL, through its network. */
  get port(): number {
    return this.#ports.shownPostgres;
  }

  run(): void {
    const log = openSync(join(this.#folder, "log"), "a");
    const options = { ...USER, cwd: this.#folder, stdio: ["ignore", log, log] as ("ignore" | number)[] };
    this.#process = startChild(programOf("patroni"), [this.#config], options);
  }

  /** The end of its computer: Patroni and all of PostgreSQL. */
  async kill(): Promise<void> {
    await this.killPatroni();
    this.#signalPostgres("SIGKILL");
  }

  /** The end of PostgreSQL alone: its Patroni starts it again. Resolves when it has. */
  async killPostgres(): Promise<void> {
    const before = this.#postmaster;
    this.#signalPostgres("SIGKILL");
    await eventually(
      () => this.#postmaster !== undefined && this.#postmaster !== before,
      () => this.log,
    );
  }

  /** The end of Patroni alone: PostgreSQL goes on, and does not hear of another primary. */
  async killPatroni(): Promise<void> {
    const ended = once(this.#process!, "exit");
    this.#process!.kill("SIGKILL");
    await ended;
  }

  /** No byte passes, in either direction, until mend(). What was on its way arrives then. */
  cut(): void {
    for (const proxy of this.#network) proxy.hold();
  }

  mend(): void {
    for (const proxy of this.#network) proxy.release();
  }

  /** The answer of its Patroni to a question of a load balancer, past the network. */
  async is(role: "primary" | "replica" | "synchronous"): Promise<boolean> {
    const answer = await fetch(`http://127.0.0.1:${this.#ports.api}/${role}`).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.status === 200;
  }

  /** Undefined between two roles: the next primary has the name before it takes writes. */
  async role(): Promise<"primary" | "replica" | undefined> {
    const [isPrimary, isReplica] = await Promise.all([this.is("primary"), this.is("replica")]);
    if (isPrimary === isReplica) return undefined;
    return isPrimary ? "primary" : "replica";
  }

  get log(): string {
    return readFileSync(join(this.#folder, "log"), "utf8").slice(-3000);
  }

  get #config(): string {
    return join(this.#folder, "patroni.yml");
  }

  get #postmaster(): number | undefined {
    try {
      return Number(readFileSync(join(this.#folder, "data/postmaster.pid"), "utf8").split("\n")[0]);
    } catch {
      return undefined;
    }
  }

  #signalPostgres(signal: NodeJS.Signals): void {
    const pid = this.#postmaster;
    if (pid === undefined || !isPostgres(pid)) return;
    signalTree(pid, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.mend();
    const pid = this.#postmaster;
    if (this.#process!.exitCode === null && this.#process!.signalCode === null) await this.kill();
    if (pid !== undefined)
      await eventually(
        () => !isPostgres(pid),
        () => `process ${pid} is alive`,
      );
    await Promise.all(this.#network.map((proxy) => proxy[Symbol.asyncDispose]()));
  }
}

/** The file of a process that was killed may name a number that another process has by now. */
function isPostgres(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("postgres");
  } catch {
    return false;
  }
}
