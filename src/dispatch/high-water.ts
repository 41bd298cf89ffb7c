/** How much may pile up: at the high-water mark one stops taking in, until half of that is gone. */
export class HighWater {
  readonly #level: () => number;
  #room: PromiseWithResolvers<void> | undefined;
  #isReached = false;

  /** @param level how high it stands now; 1 is the mark */
  constructor(level: () => number) {
    this.#level = level;
  }

  /** Whether `room()` waits. */
  get isReached(): boolean {
    return this.#isReached;
  }

  /** Resolves when there is room: at once unless the mark has been reached. Gives up, and resolves, with the signal. */
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

  /** It stands lower than it did. */
  fallen(): void {
    if (!this.#isReached || this.#level() > 1 / 2) return;
    this.#isReached = false;
    this.#room?.resolve();
    this.#room = undefined;
  }
}
