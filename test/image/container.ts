/** Containers of Docker, or of podman, which takes the same arguments. */

import { type ChildProcessWithoutNullStreams, execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { promisify } from "node:util";
import { startChild } from "../child.ts";

const ENGINE = process.env.ENGINE ?? "docker";

/** The machine's own network: a container reaches a Bot API on this machine's loopback address. */
const NETWORK = ["--network", "host"];

/** Runs a command of the engine. @returns its output @throws with its standard error */
export async function engine(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(ENGINE, args, { maxBuffer: 2 ** 26 });
  return stdout.trim();
}

/** @param options for the engine, such as build arguments */
export async function build(image: string, folder: string, ...options: readonly string[]): Promise<void> {
  await engine("build", ...NETWORK, "--tag", image, ...options, folder);
}

/** The engine's description of the image, which comes as a list of one. */
export async function inspect(image: string): Promise<ImageDescription> {
  return JSON.parse(await engine("image", "inspect", image))[0];
}

export interface ImageDescription {
  readonly Size: number;
  readonly RootFS: { readonly Layers: readonly string[] };
  readonly Config: {
    readonly User: string;
    readonly Cmd: readonly string[];
    readonly StopSignal: string;
    readonly Env: readonly string[];
    readonly Labels: { readonly [name: string]: string };
    readonly Healthcheck?: HealthCheck;
  };
  /** Older versions of podman have it here. */
  readonly Healthcheck?: HealthCheck;
}

interface HealthCheck {
  readonly Test: readonly string[];
}

/** A running container. It is removed when it ends. */
export class Container implements AsyncDisposable {
  readonly #name = `asgigram-${randomUUID()}`;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #exit: Promise<number>;
  #output = "";

  /** @param args options, the image, and the command, as after `docker run` */
  constructor(...args: readonly string[]) {
    // podman cannot run health checks without systemd.
    const options = ["--rm", "--interactive", "--no-healthcheck", "--name", this.#name, ...NETWORK];
    this.#process = startChild(ENGINE, ["run", ...options, ...args]);
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        this.#output += text;
      });
    }
    this.#exit = once(this.#process, "close").then(([code]) => code);
  }

  /** Output so far. */
  get output(): string {
    return this.#output;
  }

  /** Resolves once the text is in the output; rejects if the container ends before that. */
  async says(text: string): Promise<void> {
    const ended = new AbortController();
    this.#exit.then(() => ended.abort(new Error(`the container ended without "${text}":\n${this.#output}`)));
    const { stdout, stderr } = this.#process;
    while (!this.#output.includes(text)) {
      await Promise.race([stdout, stderr].map((stream) => once(stream, "data", { signal: ended.signal })));
    }
  }

  /** Writes the text to standard input, and ends it. */
  hears(text: string): void {
    this.#process.stdin.end(text);
  }

  /** Runs a command inside. @returns its output @throws if it fails */
  inside(...command: readonly string[]): Promise<string> {
    return engine("exec", this.#name, ...command);
  }

  /** Runs `docker stop`. @returns the exit code */
  async stop(): Promise<number> {
    await engine("stop", this.#name);
    return this.#exit;
  }

  /** Kills it with SIGKILL, as a machine without memory does. */
  async kill(): Promise<void> {
    await engine("kill", "--signal", "KILL", this.#name);
    await this.#exit;
  }

  /** Resolves with the exit code when it has ended. */
  exit(): Promise<number> {
    return this.#exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await engine("rm", "--force", this.#name).catch(() => {});
  }
}
