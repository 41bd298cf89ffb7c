import type { SourceOptions } from "../../src/assembly.ts";
import type { SourceState, UpdateSource } from "../../src/protocol/update-source.ts";

/** A source to which updates are pushed, as a webhook would do. It never asks Telegram for anything. */
export class PushSource implements UpdateSource {
  readonly #received: SourceOptions["received"];
  readonly #running = Promise.withResolvers<void>();
  readonly #pushes = new Set<Promise<number>>();
  #signal: AbortSignal | undefined;
  #lastSuccess = Date.now();
  /** True once the server has asked it to confirm its last batch. */
  isConfirmed = false;

  constructor({ received }: Pick<SourceOptions, "received">) {
    this.#received = received;
  }

  /** Resolves when the server receives updates. */
  get running(): Promise<void> {
    return this.#running.promise;
  }

  get state(): SourceState {
    return { failures: 0, lastError: undefined, silence: 0, lastSuccess: this.#lastSuccess };
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    this.#running.resolve();
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    await Promise.allSettled(this.#pushes);
  }

  async skipPending(): Promise<boolean> {
    return false;
  }

  async confirm(): Promise<void> {
    this.isConfirmed = true;
  }

  /** Hands a batch to the server at once. Resolves when the server wants to have the next one. */
  push(...updates: readonly unknown[]): Promise<number> {
    const push = this.#received(updates, this.#signal!);
    this.#pushes.add(push);
    return push.finally(() => {
      this.#lastSuccess = Date.now();
      this.#pushes.delete(push);
    });
  }
}
