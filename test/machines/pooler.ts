/** PgBouncer in transaction mode, in front of a server of a test: each transaction has another connection to the database. */

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync } from "node:fs";
import { startChild } from "../child.ts";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import { freePort } from "../network/free-port.ts";
import { USER } from "../postgres/binaries.ts";
import { programOf } from "./debian-program.ts";

export class Pooler implements AsyncDisposable {
  readonly port: number;
  readonly #folder: Folder;
  readonly #process: ChildProcess;

  private constructor(port: number, folder: Folder, child: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#process = child;
  }

  /** @param target port of the server @throws if PgBouncer is not installed */
  static async start(target: number): Promise<Pooler> {
    const program = programOf("pgbouncer");
    const [port, folder] = [await freePort(), new Folder()];
    folder.write("users", '"postgres" ""\n');
    const config = folder.write("pgbouncer.ini", configOf(port, target, folder));
    if (USER.uid !== undefined) chownSync(folder.path, USER.uid, USER.gid);
    const child = startChild(program, [config], { ...USER, cwd: folder.path, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      said = `${said}${text}`.slice(-5000);
    });
    await eventually(
      () => {
        if (child.exitCode !== null) throw new Error(`pgbouncer ended with ${child.exitCode}: ${said}`);
        return said.includes("process up");
      },
      () => said,
    );
    return new Pooler(port, folder, child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) {
      const ended = once(this.#process, "exit");
      this.#process.kill("SIGKILL");
      await ended;
    }
    this.#folder[Symbol.dispose]();
  }
}

/** `server_login_retry` is 15 s by default: for so long PgBouncer would not look if a database that was away is back. */
function configOf(port: number, target: number, folder: Folder): string {
  return `
[databases]
postgres = host=127.0.0.1 port=${target} dbname=postgres user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${folder.join("users")}
pool_mode = transaction
server_login_retry = 1
`;
}
