/** A caller of heavy functions that speaks the jobs port itself, so that a test sees each message. */

import { once } from "node:events";
import { MessageChannel, type MessagePort, type Transferable } from "node:worker_threads";
import { Heavy, type HeavyOptions } from "../../src/heavy/heavy.ts";
import { errorOfData } from "../../src/protocol/error-data.ts";
import type { FromHeavy, FromJob, JobOrder, ModuleOptions, ToHeavy, ToJob } from "../../src/protocol/port.ts";

export const fixture = (name: string) => new URL(`../fixtures/heavy/${name}`, import.meta.url).href;

/** Heavy threads that end with the test, and a caller of the first generation. */
export class TestHeavy extends Heavy implements AsyncDisposable {
  readonly caller: TestCaller;

  constructor(options: HeavyOptions = {}) {
    super({ threads: 1, ...options });
    this.caller = new TestCaller(this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A flag in shared memory for which threads can wait. */
export class Flag {
  readonly memory = new SharedArrayBuffer(8);
  readonly #values = new Int32Array(this.memory);

  raise(): void {
    Atomics.store(this.#values, 0, 1);
    Atomics.notify(this.#values, 0);
  }

  /** Resolves when it is raised, by any thread. */
  async raised(): Promise<void> {
    await Atomics.waitAsync(this.#values, 0, 0).value;
  }

  get values(): readonly number[] {
    return [...this.#values];
  }
}

export interface CallOptions extends Partial<Pick<JobOrder, "line" | "bytes" | "timeout">> {
  transfer?: Transferable[];
}

export class TestCaller {
  readonly port: MessagePort;
  readonly #answers = new Map<string, PromiseWithResolvers<FromHeavy>>();
  #last = 0;

  constructor(heavy: Heavy, generation = 0) {
    this.port = heavy.attach({ worker: 0, generation });
    this.port.on("message", (message: FromHeavy) => {
      const key = "id" in message ? message.id : message.module;
      this.#answer(message.type, key).resolve(message);
    });
  }

  /** Loads a module. Rejects if it cannot be loaded. */
  async load(module: string, options: ModuleOptions = {}): Promise<void> {
    this.#post({ type: "module", module, options });
    const answer = await Promise.race(
      [this.#answer("loaded", module), this.#answer("unloaded", module)].map(promiseOf),
    );
    if (answer.type === "unloaded") throw errorOfData({ ...answer.error, stack: answer.error.detail, keys: {} });
  }

  async share(module: string): Promise<unknown> {
    const id = ++this.#last;
    this.#post({ type: "share", id, module });
    const answer = await Promise.race([this.#answer("shared", id), this.#answer("unshared", id)].map(promiseOf));
    if (answer.type === "unshared") throw errorOfData(answer.error);
    return (answer as Extract<FromHeavy, { type: "shared" }>).value;
  }

  call(module: string, name: string, args: unknown[] = [], options: CallOptions = {}): TestCall {
    const { line, bytes = 0, timeout = Number.POSITIVE_INFINITY, transfer = [] } = options;
    const { port1, port2 } = new MessageChannel();
    port1.postMessage({ type: "arguments", arguments: args } satisfies ToJob, transfer);
    const id = ++this.#last;
    const order = { name, line, bytes, timeout, port: port2 };
    this.port.postMessage({ type: "job", id, module, job: order } satisfies ToHeavy, [port2]);
    return new TestCall(port1, promiseOf(this.#answer("started", id)), promiseOf(this.#answer("lost", id)), {
      ahead: async () => {
        this.#post({ type: "ahead", id });
        const { ahead } = (await promiseOf(this.#answer("ahead", id))) as Extract<FromHeavy, { type: "ahead" }>;
        this.#answers.delete(`ahead ${id}`);
        return ahead;
      },
      cancel: (gently) => this.#post({ type: "cancel", id, gently }),
    });
  }

  /** As when its thread ends. */
  async end(): Promise<void> {
    this.port.close();
    await once(this.port, "close");
  }

  #post(message: ToHeavy): void {
    this.port.postMessage(message);
  }

  #answer(type: string, key: number | string): PromiseWithResolvers<FromHeavy> {
    const known = this.#answers.get(`${type} ${key}`);
    const answer = known ?? Promise.withResolvers<FromHeavy>();
    this.#answers.set(`${type} ${key}`, answer);
    return answer;
  }
}

export class TestCall {
  readonly port: MessagePort;
  /** Resolves when the job has left the queue. */
  readonly started: Promise<unknown>;
  /** The result. Rejects with what the function threw, or with the reason for which the job was lost. */
  readonly result: Promise<unknown>;
  readonly #messages: FromJob[] = [];
  #arrived = Promise.withResolvers<void>();
  readonly #asks: { ahead(): Promise<number>; cancel(gently: boolean): void };

  constructor(
    port: MessagePort,
    started: Promise<unknown>,
    lost: Promise<FromHeavy>,
    asks: { ahead(): Promise<number>; cancel(gently: boolean): void },
  ) {
    this.port = port;
    this.started = started;
    this.#asks = asks;
    port.on("message", (message: FromJob) => {
      this.#messages.push(message);
      this.#arrived.resolve();
    });
    const failed = lost.then((message): never => {
      port.close();
      throw errorOfData((message as Extract<FromHeavy, { type: "lost" }>).error);
    });
    this.result = Promise.race([this.#end(), failed]);
    this.result.catch(() => {});
  }

  ahead(): Promise<number> {
    return this.#asks.ahead();
  }

  cancel(gently = false): void {
    this.#asks.cancel(gently);
  }

  tell(message: ToJob): void {
    this.port.postMessage(message);
  }

  /** The next answer on the job's port. */
  async next(): Promise<FromJob> {
    while (this.#messages.length === 0) {
      this.#arrived = Promise.withResolvers();
      await this.#arrived.promise;
    }
    return this.#messages.shift()!;
  }

  async #end(): Promise<unknown> {
    const result = Promise.withResolvers<unknown>();
    this.port.on("message", (message: FromJob) => {
      if (message.type === "threw") result.reject(errorOfData(message.error));
      else if (message.type === "returned") result.resolve(message.value);
      else return;
      this.port.close();
    });
    return result.promise;
  }
}

function promiseOf<T>({ promise }: PromiseWithResolvers<T>): Promise<T> {
  return promise;
}
