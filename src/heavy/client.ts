/** One attached thread, a worker or a heavy thread: its requests on its jobs port, and the answers to them. */

import type { MessagePort } from "node:worker_threads";
import { dataOfError } from "../protocol/error-data.ts";
import type { ApplicationLoadError } from "../protocol/errors.ts";
import type { FromHeavy, ToHeavy } from "../protocol/port.ts";
import type { Generation } from "./generation.ts";
import { HeavyJob } from "./job.ts";
import type { HeavyModule } from "./module.ts";

type Request<Type extends ToHeavy["type"]> = Extract<ToHeavy, { type: Type }>;

export class Client {
  readonly #port: MessagePort;
  readonly #generation: Generation;
  /** Its jobs by its numbers, until the thread is known to be done with them. */
  readonly #jobs = new Map<number, { readonly job: HeavyJob; readonly module: HeavyModule }>();

  /** @param onGone called when the thread has ended */
  constructor(port: MessagePort, generation: Generation, onGone: () => void) {
    this.#port = port;
    this.#generation = generation;
    port.on("message", (request: ToHeavy) => this.#receive(request));
    port.once("close", () => {
      for (const { job, module } of this.#jobs.values()) module.cancel(job, false);
      onGone();
    });
    // The client's end keeps the process alive while it waits for an answer.
    port.unref();
  }

  close(): void {
    this.#port.close();
  }

  #receive(request: ToHeavy): void {
    switch (request.type) {
      case "module":
        return void this.#load(request);
      case "job":
        return this.#add(request);
      case "ahead": {
        const { job, module } = this.#jobs.get(request.id) ?? {};
        const ahead = job === undefined ? 0 : module!.ahead(job);
        return this.#answer({ type: "ahead", id: request.id, ahead });
      }
      case "cancel": {
        const { job, module } = this.#jobs.get(request.id) ?? {};
        if (job !== undefined) module!.cancel(job, request.gently);
        return;
      }
      case "share":
        return void this.#share(request);
    }
  }

  async #load({ module, options }: Request<"module">): Promise<void> {
    try {
      await this.#generation.module(module, options).loaded;
      this.#answer({ type: "loaded", module });
    } catch (error) {
      const { message, cause } = error as ApplicationLoadError;
      const detail = cause === undefined ? {} : { detail: String(cause) };
      this.#answer({ type: "unloaded", module, error: { name: "ApplicationLoadError", message, ...detail } });
    }
  }

  #add({ id, module: url, job: order }: Request<"job">): void {
    const module = this.#generation.module(url);
    const job = new HeavyJob(order, {
      started: () => this.#answer({ type: "started", id }),
      lost: (error) => this.#answer({ type: "lost", id, error: dataOfError(error) }),
      over: () => this.#jobs.delete(id),
    });
    this.#jobs.set(id, { job, module });
    module.add(job);
  }

  async #share({ id, module }: Request<"share">): Promise<void> {
    try {
      const value = await this.#generation.share(module);
      this.#answer({ type: "shared", id, value });
    } catch (error) {
      this.#answer({ type: "unshared", id, error: dataOfError(error) });
    }
  }

  #answer(answer: FromHeavy): void {
    this.#port.postMessage(answer);
  }
}
