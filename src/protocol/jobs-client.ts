/** The client's side of a jobs port: the modules that a thread names, the jobs that it makes, the values that it shares. */

import { MessageChannel, type MessagePort } from "node:worker_threads";
import { errorOfData } from "./error-data.ts";
import { ApplicationLoadError, DisconnectedError, JobCrashedError } from "./errors.ts";
import type { JobHandle, JobOrigin, Jobs, RunOptions } from "./jobs.ts";
import { OpenJob } from "./open-job.ts";
import type { ErrorData, FromHeavy, ModuleOptions, ToHeavy } from "./port.ts";
import { sizeOf } from "./size-of.ts";

const NO_EVENT = (): undefined => undefined;

export class JobsClient implements Jobs {
  readonly #port: MessagePort;
  readonly #origin: () => JobOrigin | undefined;
  readonly #modules = new Map<string, PromiseWithResolvers<void>>();
  readonly #jobs = new Map<number, OpenJob>();
  readonly #shares = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #questions = new Map<number, PromiseWithResolvers<number>>();
  /** Requests without an answer: they keep the process alive. */
  #open = 0;
  #last = 0;
  /** Set when the port is closed: no request gets an answer any more. */
  #end: Error | undefined;

  /** @param origin the event whose code runs */
  constructor(port: MessagePort, origin: () => JobOrigin | undefined = NO_EVENT) {
    this.#port = port;
    this.#origin = origin;
    port.on("message", (message: FromHeavy) => this.#receive(message));
    port.once("close", () => this.#close());
    port.unref();
  }

  declare(module: string, options: ModuleOptions): void {
    // The first who names a module sets its options.
    if (this.#modules.has(module)) return;
    const loaded = Promise.withResolvers<void>();
    // Only a start waits for it: later the jobs themselves fail.
    loaded.promise.catch(() => {});
    this.#modules.set(module, loaded);
    if (this.#end !== undefined) loaded.reject(this.#end);
    this.#post({ type: "module", module, options });
  }

  async loaded(): Promise<void> {
    await this.#waitFor(Promise.all([...this.#modules.values()].map(({ promise }) => promise)));
  }

  run(module: string, name: string, args: unknown[], options: RunOptions): JobHandle {
    const origin = this.#origin();
    const { signal = origin?.jobSignal, timeout = Number.POSITIVE_INFINITY, transfer = [] } = options;
    const id = ++this.#last;
    const { port1, port2 } = new MessageChannel();
    const job = new OpenJob(port1, {
      signal,
      origin,
      cancel: (gently) => this.#post({ type: "cancel", id, gently }),
      over: () => this.#jobs.delete(id),
    });
    // Buffers that are moved are empty afterwards.
    const bytes = sizeOf(args);
    if (this.#end === undefined) job.begin(args, transfer);
    else job.lost(this.#end);
    if (job.isOver) {
      port2.close();
      return job.handle;
    }
    this.#jobs.set(id, job);
    const order = { name, line: origin?.line, bytes, timeout, port: port2 };
    this.#port.postMessage({ type: "job", id, module, job: order } satisfies ToHeavy, [port2]);
    origin?.made({
      over: job.over,
      ahead: () => this.#ahead(id, origin),
      leave: () => job.leave(),
      stop: (reason) => job.stop(reason),
    });
    void this.#waitFor(job.over);
    return job.handle;
  }

  share(module: string): Promise<unknown> {
    const id = ++this.#last;
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const shared = Promise.withResolvers<unknown>();
    this.#shares.set(id, shared);
    this.#post({ type: "share", id, module });
    return this.#waitFor(shared.promise, this.#origin());
  }

  #ahead(id: number, origin: JobOrigin): Promise<number> {
    if (this.#jobs.get(id)?.isWaiting !== true) return Promise.resolve(0);
    const answer = this.#questions.get(id) ?? Promise.withResolvers<number>();
    if (!this.#questions.has(id)) this.#post({ type: "ahead", id });
    this.#questions.set(id, answer);
    return this.#waitFor(answer.promise, origin);
  }

  #receive(message: FromHeavy): void {
    switch (message.type) {
      case "loaded":
        return this.#modules.get(message.module)?.resolve();
      case "unloaded": {
        const { message: text, detail } = message.error;
        return this.#modules.get(message.module)?.reject(new ApplicationLoadError(text, { cause: detail }));
      }
      case "started":
        return this.#jobs.get(message.id)?.started();
      case "lost":
        return this.#jobs.get(message.id)?.lost(lossOf(message.error));
      case "ahead":
        return take(this.#questions, message.id)?.resolve(message.ahead);
      case "shared":
        return take(this.#shares, message.id)?.resolve(message.value);
      case "unshared":
        return take(this.#shares, message.id)?.reject(errorOfData(message.error));
    }
  }

  /** The main thread is gone, or has ended all heavy threads. */
  #close(): void {
    const error = new JobCrashedError("the heavy threads have ended");
    this.#end = error;
    for (const job of this.#jobs.values()) job.lost(error);
    for (const { reject } of [...this.#shares.values(), ...this.#modules.values()]) reject(error);
    for (const { resolve } of this.#questions.values()) resolve(0);
  }

  /** @param origin the event whose code waits for it */
  async #waitFor<T>(answer: Promise<T>, origin?: JobOrigin): Promise<T> {
    this.#open += 1;
    this.#port.ref();
    try {
      return await answer;
    } finally {
      this.#open -= 1;
      if (this.#open === 0) this.#port.unref();
      origin?.goesOn();
    }
  }

  #post(message: ToHeavy): void {
    this.#port.postMessage(message);
  }
}

function take<T>(waiting: Map<number, T>, id: number): T | undefined {
  const one = waiting.get(id);
  waiting.delete(id);
  return one;
}

/** The class of a DisconnectedError counts: by it the worker knows that the event is to be delivered again. */
function lossOf(data: ErrorData): Error {
  return data.name === "DisconnectedError" ? new DisconnectedError(data.message) : errorOfData(data);
}
