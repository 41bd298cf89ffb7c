/** A PostgreSQL server of a test, on loopback, without the pains of a disk. */

import { type ChildProcess, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { signalTree, startChild } from "../child.ts";
import { Folder } from "../folder.ts";
import { Certificate } from "../network/certificate.ts";
import { freePort } from "../network/free-port.ts";
import { findBinaries, USER } from "./binaries.ts";

/** A role that must have a password. */
export const SECURED = "secured";

const HBA = `
local all all trust
host all ${SECURED} 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
host replication all 127.0.0.1/32 trust
`;

const SETTINGS = ["fsync=off", "full_page_writes=off", "max_connections=300", "shared_buffers=64MB", "ssl=on"];

export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder = new Folder();
  readonly #bin: string;
  readonly #settings: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(bin: string, port: number, settings: readonly string[]) {
    this.#bin = bin;
    this.port = port;
    this.#settings = settings;
  }

  /** Makes a database, and starts its server. @throws if there are no programs for it */
  static async start(settings: readonly string[] = []): Promise<PostgresServer> {
    const bin = findBinaries();
    if (bin === undefined) throw new Error("no PostgreSQL: npm ci, or name the folder of its programs in POSTGRES_BIN");
    const server = new PostgresServer(bin, await freePort(), settings);
    server.#make();
    await server.run();
    return server;
  }

  /** Address of its database, for the role that may do all, or for another one. */
  address(user = "postgres"): string {
    return `postgres://${user}@127.0.0.1:${this.port}/postgres`;
  }

  get pid(): number {
    return this.#process!.pid!;
  }

  get data(): string {
    return this.#folder.join("data");
  }

  #make(): void {
    if (USER.uid !== undefined) chownSync(this.#folder.path, USER.uid, USER.gid);
    const args = ["-D", this.data, "-U", "postgres", "--auth=trust", "--no-sync", "--no-locale", "-E", "UTF8"];
    const { status, stderr } = spawnSync(join(this.#bin, "initdb"), args, { ...USER, cwd: this.#folder.path });
    if (status !== 0) throw new Error(`initdb failed: ${stderr}`);
    writeFileSync(join(this.data, "pg_hba.conf"), HBA);
    using certificate = new Certificate();
    for (const [name, text] of [
      ["server.key", certificate.key],
      ["server.crt", certificate.cert],
    ] as const) {
      const path = join(this.data, name);
      writeFileSync(path, text, { mode: 0o600 });
      if (USER.uid !== undefined) chownSync(path, USER.uid, USER.gid);
    }
    mkdirSync(this.#folder.join("sockets"));
    if (USER.uid !== undefined) chownSync(this.#folder.join("sockets"), USER.uid, USER.gid);
  }

  /** Resolves when it takes connections. */
  async run(): Promise<void> {
    const settings = [...SETTINGS, ...this.#settings, `unix_socket_directories=${this.#folder.join("sockets")}`];
    const args = ["-D", this.data, "-p", String(this.port), ...settings.flatMap((setting) => ["-c", setting])];
    const child = startChild(join(this.#bin, "postgres"), args, {
      ...USER,
      cwd: this.#folder.path,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = child;
    let said = "";
    child.stderr!.setEncoding("utf8");
    await new Promise<void>((resolve, reject) => {
      child.stderr!.on("data", (text: string) => {
        said = `${said}${text}`.slice(-5000);
        if (said.includes("database system is ready to accept connections")) resolve();
      });
      child.once("exit", (code) => reject(new Error(`postgres ended with ${code}: ${said}`)));
    });
  }

  /** Ends it as a crash of its machine would, but for the disk. */
  async crash(): Promise<void> {
    const child = this.#process!;
    const ended = once(child, "exit");
    this.signal("SIGKILL");
    await ended;
  }

  async stop(): Promise<void> {
    const child = this.#process!;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGQUIT");
    await ended;
  }

  /** Sends a signal to all processes of the server. */
  signal(signal: NodeJS.Signals): void {
    signalTree(this.pid, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGCONT");
    await this.stop();
    this.#folder[Symbol.dispose]();
  }
}
