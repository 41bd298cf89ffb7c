/** A high-water mark: once the level reaches it, `room()` waits until the level has fallen to half of it. */
export class HighWater {
  readonly #level: () => number;
  #room: PromiseWithResolvers<void> | undefined;
  #isReached = false;

  /** @param level the level now; 1 is the mark */
  constructor(level: () => number) {
    this.#level = level;
  }

  /** True while `room()` waits. */
  get isReached(): boolean {
    return this.#isReached;
  }

  /** Resolves when there is room: at once unless the mark was reached. Resolves as well when the signal is aborted. */
  async room(signal: AbortSignal): Promise<void> {
    this.#isReached ||= this.#level() >= 1;
    if (!this.#isReached || signal.aborted) return;
    this.#room ??= Promise.withResolvers();
    const { promise, resolve } = this.#room;
    const giveUp = () => resolve();
    signal.addEventListener("abort", giveUp, { once: true });
    await promise;
    signal.removeEventListener("abort", giveUp);
  }

  /** The level has fallen. */
  fallen(): void {
    if (!this.#isReached || this.#level() > 1 / 2) return;
    this.#isReached = false;
    this.#room?.resolve();
    this.#room = undefined;
  }
}
