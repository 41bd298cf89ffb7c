/** The client's side of a jobs port. */

import type { MessagePort } from "node:worker_threads";
import { errorOfData } from "./error-data.ts";
import { ApplicationLoadError } from "./errors.ts";
import type { Job, Jobs } from "./jobs.ts";
import type { FromHeavy, ModuleOptions, ToHeavy } from "./port.ts";

export class JobsClient implements Jobs {
  readonly #port: MessagePort;
  readonly #shares = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #modules = new Map<string, PromiseWithResolvers<void>>();
  #last = 0;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on("message", (message: FromHeavy) => this.#receive(message));
    port.unref();
  }

  declare(module: string, options: ModuleOptions): void {
    const loaded = Promise.withResolvers<void>();
    loaded.promise.catch(() => {});
    this.#modules.set(module, loaded);
    this.#post({ type: "module", module, options });
  }

  run(): Job {
    throw new Error("not yet");
  }

  share(module: string): Promise<unknown> {
    const id = ++this.#last;
    const shared = Promise.withResolvers<unknown>();
    this.#shares.set(id, shared);
    this.#port.ref();
    this.#post({ type: "share", id, module });
    return shared.promise;
  }

  async loaded(): Promise<void> {
    this.#port.ref();
    await Promise.all([...this.#modules.values()].map(({ promise }) => promise));
    this.#port.unref();
  }

  #receive(message: FromHeavy): void {
    switch (message.type) {
      case "loaded":
        return this.#modules.get(message.module)?.resolve();
      case "unloaded": {
        const { message: text, detail } = message.error;
        return this.#modules.get(message.module)?.reject(new ApplicationLoadError(text, { cause: detail }));
      }
      case "shared":
        return this.#shares.get(message.id)?.resolve(message.value);
      case "unshared":
        return this.#shares.get(message.id)?.reject(errorOfData(message.error));
    }
  }

  #post(message: ToHeavy): void {
    this.#port.postMessage(message);
  }
}
