/**
 * One run of a function: it takes the arguments, calls, and answers.
 *
 *   waiting for arguments -- arguments --> running -- the function is over --> over
 *   running -- the function is a generator --> suspended -- next, return, the caller is gone --> running
 */

import { dataOfError, errorOfData } from "../../src/protocol/error-data.ts";
import type { FromJob, HeavyResult, ToJob } from "../../src/protocol/port.ts";
import { runningJob } from "./running-job.ts";

type RunOutcome = NonNullable<HeavyResult["outcome"]>;
type GeneratorStep = "next" | "return";

export class JobRun {
  /** Resolves when nothing of it runs any more. */
  readonly over: Promise<RunOutcome>;
  isOver = false;
  readonly #call: (...args: unknown[]) => unknown;
  readonly #post: (message: FromJob) => unknown;
  readonly #over = Promise.withResolvers<RunOutcome>();
  readonly #abort = new AbortController();
  /** Steps of the generator that the caller has asked for. */
  readonly #steps: GeneratorStep[] = [];
  #asked = Promise.withResolvers<void>();
  #hasBegun = false;
  #isLeft = false;
  /** The caller has an error already. */
  #isTold = false;

  /** @param post takes the answers, and throws if one cannot be copied */
  constructor(call: (...args: unknown[]) => unknown, post: (message: FromJob) => void) {
    this.#call = call;
    this.#post = (message) => this.#isTold || post(message);
    this.over = this.#over.promise;
  }

  /** Tells the function that its caller wants it to end. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  receive(message: ToJob): void {
    switch (message.type) {
      case "arguments":
        this.#hasBegun = true;
        return void this.#run(message.arguments).then((outcome) => this.#end(outcome));
      case "abort":
        return this.abort(errorOfData(message.reason));
      default:
        this.#steps.push(message.type);
        this.#asked.resolve();
    }
  }

  /** @param isTold the caller has the error already, and gets no answer */
  abort(reason: Error, isTold = false): void {
    this.#isTold ||= isTold;
    // Listeners are the job's code.
    this.#inside(() => this.#abort.abort(reason));
  }

  /** The caller is gone: a function that runs may end itself, and a generator is not continued. */
  leave(): void {
    this.#isLeft = true;
    this.abort(new DOMException("the caller is gone", "AbortError"));
    this.#asked.resolve();
    if (!this.#hasBegun) this.#end("threw");
  }

  #end(outcome: RunOutcome): void {
    this.isOver = true;
    this.#over.resolve(outcome);
  }

  async #run(args: unknown[]): Promise<RunOutcome> {
    try {
      this.signal.throwIfAborted();
      const result = await this.#inside(() => this.#call(...args));
      const value = isGenerator(result) ? await this.#runGenerator(result) : result;
      this.#post({ type: "returned", value });
      return "returned";
    } catch (error) {
      this.#post({ type: "threw", error: dataOfError(error) });
      return "threw";
    }
  }

  /** @returns the generator's last value */
  async #runGenerator(generator: Generator): Promise<unknown> {
    this.#post({ type: "generator" });
    try {
      for (;;) {
        const step = await this.#nextStep();
        const { done, value } = await this.#inside(() => generator[step](undefined));
        if (done || this.#isLeft) return value;
        this.#post({ type: "yielded", value });
      }
    } finally {
      // It may be suspended still. Where it is over, this does nothing.
      await this.#inside(() => generator.return(undefined));
    }
  }

  async #nextStep(): Promise<GeneratorStep> {
    while (this.#steps.length === 0 && !this.#isLeft) {
      this.#asked = Promise.withResolvers();
      await this.#asked.promise;
    }
    return this.#steps.shift() ?? "return";
  }

  #inside<T>(code: () => T): T {
    return runningJob.run(this, code);
  }
}

type Generator = { [step in GeneratorStep]: (value: undefined) => Promise<IteratorResult<unknown>> };

function isGenerator(value: unknown): value is Generator {
  return /^\[object (?:Async)?Generator\]$/.test(Object.prototype.toString.call(value));
}
