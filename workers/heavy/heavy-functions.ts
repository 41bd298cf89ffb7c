/** A module loaded in this thread or process, and the jobs that call its functions. */

import { ApplicationLoadError } from "../../src/protocol/errors.ts";
import { nearest } from "../../src/protocol/nearest.ts";
import type { FromJob, HeavyPlace, HeavyResult, JobTask, ToJob } from "../../src/protocol/port.ts";
import { kindOfValue } from "../kind-of-value.ts";
import { reasonOf } from "../loader.ts";
import { postMoved } from "./buffers.ts";
import type { Functions } from "./functions.ts";
import { JobRun } from "./job-run.ts";
import { runningJob } from "./running-job.ts";

type Namespace = Readonly<Record<string, unknown>>;
type JobFunction = (...args: unknown[]) => unknown;

export class HeavyFunctions implements Functions {
  readonly loaded: Promise<void>;
  readonly #name: string;
  #namespace: Namespace = {};
  #run: JobRun | undefined;
  /** An earlier job has left an uncaught error: the thread or process ends when the job at hand is over. */
  #isSpent = false;

  /** @param place "heavy thread" or "child process", for messages */
  constructor({ module, name, imports }: Pick<HeavyPlace, "module" | "name" | "imports">, place: string) {
    this.#name = name;
    this.loaded = this.#load([...imports, module], place);
  }

  /** @throws TypeError if the module exports no such function */
  find(name: string): JobFunction {
    const exports = this.#namespace.default as Namespace | null | undefined;
    // In a module that was compiled to CommonJS the default export is one of the exports, and they are the namespace's `default`.
    const isCompiled = name === "default" && exports?.__esModule === true;
    // A CommonJS module may have its functions in its default export alone.
    const found = (isCompiled ? undefined : this.#namespace[name]) ?? exports?.[name];
    if (typeof found === "function") return found as JobFunction;
    const called = name === "default" ? "default export" : `export "${name}"`;
    if (found !== undefined)
      throw new TypeError(`the ${called} of ${this.#name} is ${kindOfValue(found)}, not a function`);
    const names = Object.keys(this.#namespace).filter((one) => one !== name);
    const guess = nearest(name, names);
    throw new TypeError(`${this.#name} has no ${called}${guess ? `; did you mean "${guess}"?` : ""}`);
  }

  async run({ name, port }: JobTask): Promise<HeavyResult> {
    const run = this.start(name, (message) => postMoved(port, message));
    port.on("message", (message: ToJob) => run.receive(message));
    port.on("close", () => run.leave());
    const result = await this.end(run);
    port.close();
    return result;
  }

  /** @param post takes the answers, and throws if one cannot be copied */
  start(name: string, post: (message: FromJob) => void): JobRun {
    this.#run = new JobRun((...args) => this.find(name)(...args), post);
    return this.#run;
  }

  /** Resolves when the run is over. */
  async end(run: JobRun): Promise<HeavyResult> {
    return { outcome: await run.over, isSpent: this.#isSpent };
  }

  abort(reason: Error, isTold: boolean): void {
    this.#run?.abort(reason, isTold);
  }

  /** True in code of a job that is over, while another one runs. */
  spares(): boolean {
    if (this.#run?.isOver !== false || runningJob.getStore()?.isOver !== true) return false;
    this.#isSpent = true;
    return true;
  }

  /** Nothing of it is outside of this thread. */
  kill(): void {}

  /** @param modules the last of them has the functions */
  async #load(modules: readonly string[], place: string): Promise<void> {
    try {
      for (const module of modules) this.#namespace = (await import(module)) as Namespace;
    } catch (cause) {
      const isMissing = (cause as { url?: unknown } | undefined)?.url === modules.at(-1);
      const reason = isMissing ? "there is no such file" : reasonOf(cause, this.#name);
      throw new ApplicationLoadError(`${this.#name} could not be loaded in a ${place}: ${reason}`, { cause });
    }
    try {
      const { warmUp } = this.#namespace;
      if (typeof warmUp === "function") await warmUp();
    } catch (cause) {
      throw new ApplicationLoadError(`warmUp() of ${this.#name} failed in a ${place}: ${reasonOf(cause, this.#name)}`, {
        cause,
      });
    }
  }
}
