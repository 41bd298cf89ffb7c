/** The value of a module's default export, which runs once, in a thread of its own. */

import { errorOfData } from "../protocol/error-data.ts";
import { JobCrashedError } from "../protocol/errors.ts";
import type { FromHeavyThread } from "../protocol/port.ts";
import type { HeavyThread } from "./thread.ts";

export class SharedValue {
  /** The value, with its SharedArrayBuffers shared and all else copied. @throws the error of the module */
  readonly value: Promise<unknown>;
  readonly #thread: HeavyThread;

  constructor(name: string, start: (onMessage: (message: FromHeavyThread) => void) => HeavyThread) {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.value = promise;
    this.#thread = start((message) => {
      if (message.type === "shared") resolve(message.value);
      else if (message.type === "unshared") reject(errorOfData(message.error));
    });
    // By then the thread has posted its value, which is read at the latest when the thread is gone.
    this.#thread.loaded.catch(reject).finally(() => this.#thread.kill());
    void this.#thread.over.then((cause) => {
      reject(new JobCrashedError(`the shared value of ${name} was not made: ${cause ?? "its thread was ended"}`));
    });
  }

  /** Ends the thread, if it is not over yet. */
  async close(): Promise<void> {
    await this.#thread.kill();
  }
}
