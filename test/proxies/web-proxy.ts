/** nginx and Caddy on a loopback port, with TLS, and with the lines that docs/webhooks.md has for each. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { eventually } from "../eventually.ts";
import { Folder } from "../folder.ts";
import type { Certificate } from "../network/certificate.ts";

export type ProxyName = "nginx" | "Caddy";

export interface ProxyOptions {
  /** Of the proxy, on 127.0.0.1. */
  port: number;
  /** Of the server behind it. */
  to: number;
  certificate: Certificate;
}

/** The port of the server behind the proxy, in docs. */
const DOCUMENTED = "127.0.0.1:8443";

export class WebProxy implements AsyncDisposable {
  readonly #port: number;
  readonly #folder = new Folder();
  readonly #command: readonly [string, ...string[]];
  #process: ChildProcess | undefined;
  #output = "";

  constructor(name: ProxyName, options: ProxyOptions) {
    this.#port = options.port;
    const key = this.#folder.write("key.pem", options.certificate.key);
    const settings = documented(name).replace(DOCUMENTED, `127.0.0.1:${options.to}`);
    const config = this.#folder.write("config", CONFIGS[name](options, settings, key, this.#folder));
    this.#command =
      name === "nginx"
        ? ["nginx", "-e", "stderr", "-c", config]
        : ["caddy", "run", "--adapter", "caddyfile", "--config", config];
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    const [command, ...args] = this.#command;
    const home = { ...process.env, HOME: this.#folder.path, XDG_DATA_HOME: this.#folder.path };
    const started = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"], env: home });
    started.stderr.on("data", (chunk) => (this.#output += chunk));
    this.#process = started;
    await eventually(
      async () => started.exitCode !== null || (await isTaken(this.#port)),
      () => `nothing listens on port ${this.#port}: ${this.#output}`,
    );
    if (started.exitCode !== null) throw new Error(`${command} ended with ${started.exitCode}: ${this.#output}`);
  }

  async stop(): Promise<void> {
    const { exitCode } = this.#process!;
    if (exitCode === null) {
      this.#process!.kill("SIGTERM");
      await once(this.#process!, "exit");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process !== undefined) await this.stop();
    this.#folder[Symbol.dispose]();
  }
}

/** The block of docs that follows the proxy's name. */
function documented(name: ProxyName): string {
  const docs = readFileSync(join(import.meta.dirname, "../../docs/webhooks.md"), "utf8");
  const block = new RegExp(`^${name}:\n\n((?: {4}.*\n)+)`, "m").exec(docs)?.[1];
  if (block === undefined) throw new Error(`docs/webhooks.md has no block for ${name}`);
  return block;
}

type Configure = (options: ProxyOptions, settings: string, key: string, folder: Folder) => string;

const CONFIGS: Record<ProxyName, Configure> = {
  nginx: ({ port, certificate }, settings, key, folder) => `
    daemon off;
    pid ${folder.join("pid")};
    worker_processes 1;
    events {}
    http {
      access_log off;
      client_body_temp_path ${folder.join("body")};
      proxy_temp_path ${folder.join("proxy")};
      fastcgi_temp_path ${folder.join("fastcgi")};
      uwsgi_temp_path ${folder.join("uwsgi")};
      scgi_temp_path ${folder.join("scgi")};
      server {
        listen 127.0.0.1:${port} ssl;
        ssl_certificate ${certificate.path};
        ssl_certificate_key ${key};
        ${settings}
      }
    }`,
  Caddy: ({ port, certificate }, settings, key) => `
{
  admin off
  auto_https off
}
${settings.replace(/^ *\S+ \{$/m, `https://127.0.0.1:${port} {\n  tls ${certificate.path} ${key}`)}`,
};

function isTaken(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}
