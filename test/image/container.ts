/** Containers of whichever engine there is: Docker, or podman, which takes the same arguments. */

import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { promisify } from "node:util";

const ENGINE = process.env.ENGINE ?? "docker";

/** The network is the machine's own, so that a container reaches a Bot API on this machine's loopback address. */
const NETWORK = ["--network", "host"];

/** What the engine's command prints. @throws with what it says on standard error */
export async function engine(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(ENGINE, args, { maxBuffer: 2 ** 26 });
  return stdout.trim();
}

/** @param options given to the engine, such as build arguments */
export async function build(image: string, folder: string, ...options: readonly string[]): Promise<void> {
  await engine("build", ...NETWORK, "--tag", image, ...options, folder);
}

/** The image as the engine describes it; what it says is a list of one. */
export async function inspect(image: string): Promise<ImageDescription> {
  return JSON.parse(await engine("image", "inspect", image))[0];
}

export interface ImageDescription {
  readonly Size: number;
  readonly RootFS: { readonly Layers: readonly string[] };
  readonly Config: {
    readonly User: string;
    readonly StopSignal: string;
    readonly Env: readonly string[];
    readonly Labels: { readonly [name: string]: string };
    readonly Healthcheck?: HealthCheck;
  };
  /** Where older versions of podman have it. */
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
    // podman without systemd only complains of a health check.
    const options = ["--rm", "--interactive", "--no-healthcheck", "--name", this.#name, ...NETWORK];
    this.#process = spawn(ENGINE, ["run", ...options, ...args]);
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        this.#output += text;
      });
    }
    this.#exit = once(this.#process, "close").then(([code]) => code);
  }

  /** All that has been said so far. */
  get output(): string {
    return this.#output;
  }

  /** Resolves once the text has been said; rejects if the container ends before that. */
  async says(text: string): Promise<void> {
    const ended = new AbortController();
    this.#exit.then(() => ended.abort(new Error(`the container ended and did not say "${text}":\n${this.#output}`)));
    const { stdout, stderr } = this.#process;
    while (!this.#output.includes(text)) {
      await Promise.race([stdout, stderr].map((stream) => once(stream, "data", { signal: ended.signal })));
    }
  }

  /** Says this to the container, and no more. */
  hears(text: string): void {
    this.#process.stdin.end(text);
  }

  /** What a command prints that runs inside. @throws if it fails */
  inside(...command: readonly string[]): Promise<string> {
    return engine("exec", this.#name, ...command);
  }

  /** As `docker stop` does. @returns the exit code */
  async stop(): Promise<number> {
    await engine("stop", this.#name);
    return this.#exit;
  }

  /** As the machine does that runs out of memory. */
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
