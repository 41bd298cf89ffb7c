/**
 * A job as its caller has it: a promise of the result that is also an async iterator, for functions that are generators.
 *
 *   waiting -- started() --> running -- the function returned or threw --> over
 *   waiting or running -- lost() --> over
 *   waiting or running -- its signal is aborted --> over: the caller hears at once, the thread has a grace to end
 *   waiting -- the instance is dropped, and the main thread knows that the job has not begun --> over
 *   running -- the instance is dropped --> running: the function is told, and may finish
 *   waiting or running -- its event is over, and nobody waits for a step of the generator --> the generator is told to return
 */

import type { MessagePort, Transferable } from "node:worker_threads";
import { dataOfError, errorOfData } from "./error-data.ts";
import { DisconnectedError } from "./errors.ts";
import type { JobHandle, JobOrigin } from "./jobs.ts";
import type { FromJob, ToJob } from "./port.ts";

export interface OpenJobOptions {
  readonly signal: AbortSignal | undefined;
  readonly origin: JobOrigin | undefined;
  /** Gives the job up. `gently`: a job that runs may go on, and one that waits is lost. */
  cancel(gently: boolean): void;
  /** No answer is needed any more. */
  over(): void;
}

type Step = PromiseWithResolvers<IteratorResult<unknown, unknown>>;

const LEFT =
  "the event that made this generator is over, and has ended it: delivery().waitUntil() keeps the event while the values are read";

export class OpenJob {
  /** The promise and iterator that the caller gets. */
  readonly handle: JobHandle;
  /** Resolves when the job is over, in whichever way. */
  readonly over: Promise<void>;
  readonly #port: MessagePort;
  readonly #options: OpenJobOptions;
  readonly #result = Promise.withResolvers<unknown>();
  readonly #over = Promise.withResolvers<void>();
  /** Steps of the generator that the caller has asked for. */
  readonly #steps: Step[] = [];
  #state: "waiting" | "running" | "over" = "waiting";
  /** The event was over while nobody waited for a step. */
  #isLeft = false;
  /** The reason for which the instance is dropped. */
  #stop: DisconnectedError | undefined;

  constructor(port: MessagePort, options: OpenJobOptions) {
    this.#port = port;
    this.#options = options;
    this.over = this.#over.promise;
    this.handle = Object.assign(this.#result.promise, this.#iterator());
    // As with send(): a rejection that the application does not wait for must not end the worker.
    this.#result.promise.catch(() => {});
    port.on("message", (message: FromJob) => this.#receive(message));
    // A result, or a generator's value, that cannot be built in this thread.
    port.on("messageerror", (error) => this.lost(error));
    options.origin?.pause();
    const { signal } = options;
    if (signal?.aborted) this.#end(() => this.#reject(signal.reason));
    else signal?.addEventListener("abort", this.#abort);
  }

  get isWaiting(): boolean {
    return this.#state === "waiting";
  }

  get isOver(): boolean {
    return this.#state === "over";
  }

  /** Posts the arguments. The job is over if they cannot be copied. */
  begin(args: unknown[], transfer: readonly Transferable[]): void {
    if (this.#state === "over") return;
    try {
      this.#port.postMessage({ type: "arguments", arguments: args } satisfies ToJob, [...transfer]);
    } catch (error) {
      this.lost(error as Error);
    }
  }

  /** The job has left the queue. */
  started(): void {
    if (this.#state !== "waiting") return;
    this.#state = "running";
    this.#options.origin?.resume();
  }

  /** No answer will come. */
  lost(error: Error): void {
    this.#end(() => this.#reject(error));
  }

  /** The event is over. A generator between two steps would keep its thread for ever, and to a function this says nothing. */
  leave(): void {
    if (this.#state === "over" || this.#steps.length > 0) return;
    this.#isLeft = true;
    this.#tell({ type: "return" });
  }

  /** The instance is dropped. The job may have a signal of its own, which knows nothing of that. */
  stop(reason: DisconnectedError): void {
    if (this.#state === "over" || this.#stop !== undefined) return;
    this.#stop = reason;
    this.#tell({ type: "abort", reason: dataOfError(reason) });
    // The job may have begun by now: what comes is its result, or lost().
    this.#options.cancel(true);
  }

  #receive(message: FromJob): void {
    this.started();
    switch (message.type) {
      case "generator":
        this.#options.origin?.goesOn();
        return this.#result.resolve(this.#iterator());
      case "yielded":
        this.#options.origin?.goesOn();
        return this.#steps.shift()?.resolve({ done: false, value: message.value });
      case "returned":
        return this.#end(() => this.#return(message.value));
      case "threw":
        return this.#end(() => this.#reject(errorOfData(message.error)));
    }
  }

  readonly #abort = (): void => {
    const { signal, cancel } = this.#options;
    const reason: unknown = signal!.reason;
    if (reason instanceof DisconnectedError) return this.stop(reason);
    this.#tell({ type: "abort", reason: dataOfError(reason) });
    cancel(false);
    this.#end(() => this.#reject(reason));
  };

  // ---- the generator's side ----

  #iterator(): AsyncGenerator<unknown> {
    const iterator = {
      next: async () => {
        const step = await this.#ask({ type: "next" });
        if (step.done && this.#isLeft) throw new DOMException(LEFT, "AbortError");
        return step;
      },
      return: async (value?: unknown) => ({ ...(await this.#ask({ type: "return" })), done: true as const, value }),
      throw: async (error: unknown) => {
        await this.#ask({ type: "return" });
        throw error;
      },
      [Symbol.asyncIterator]: () => iterator,
      [Symbol.asyncDispose]: async () => void (await this.#ask({ type: "return" })),
    };
    return iterator;
  }

  #ask(message: ToJob): Promise<IteratorResult<unknown, unknown>> {
    if (this.#state === "over") return this.#rest();
    const step: Step = Promise.withResolvers();
    this.#steps.push(step);
    this.#tell(message);
    return step.promise;
  }

  /** The first step after the end learns of its error, as with a generator of this thread. */
  #rest(): Promise<IteratorResult<unknown, unknown>> {
    const error = this.#untold;
    this.#untold = undefined;
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error.error);
  }

  #untold: { readonly error: unknown } | undefined;

  #return(value: unknown): void {
    this.#result.resolve(value);
    const [first, ...others] = this.#steps.splice(0);
    first?.resolve({ done: true, value });
    for (const step of others) step.resolve({ done: true, value: undefined });
  }

  #reject(error: unknown): void {
    const stop = this.#stopBehind(error);
    if (stop !== undefined) this.#options.origin?.jobStopped(stop);
    this.#result.reject(error);
    const [first, ...others] = this.#steps.splice(0);
    if (first === undefined) this.#untold = { error };
    else first.reject(error);
    for (const step of others) step.resolve({ done: true, value: undefined });
  }

  /** The reason for which the job was told to stop, if the error is the consequence. */
  #stopBehind(error: unknown): DisconnectedError | undefined {
    if (error instanceof DisconnectedError) return error;
    return error instanceof Error && error.name === "AbortError" ? this.#stop : undefined;
  }

  // ---- the end ----

  #end(settle: () => void): void {
    if (this.#state === "over") return;
    const { signal, origin, over } = this.#options;
    if (this.#state === "waiting") origin?.resume();
    this.#state = "over";
    signal?.removeEventListener("abort", this.#abort);
    // The thread learns by it that the caller is gone.
    this.#port.close();
    origin?.goesOn();
    settle();
    over();
    this.#over.resolve();
  }

  #tell(message: ToJob): void {
    this.#port.postMessage(message);
  }
}
