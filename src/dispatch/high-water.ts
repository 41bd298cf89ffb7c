/** A high-water mark: once the level reaches it, `room()` waits until the level has fallen to half of it. */
export class HighWater {
  readonly #level: () => number;
  /** Ends the wait of each room(). */
  readonly #waiting = new Set<() => void>();
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
    const { promise, resolve } = Promise.withResolvers<void>();
    const goOn = () => resolve();
    this.#waiting.add(goOn);
    signal.addEventListener("abort", goOn, { once: true });
    await promise;
    signal.removeEventListener("abort", goOn);
    this.#waiting.delete(goOn);
  }

  /** The level has fallen. */
  fallen(): void {
    if (!this.#isReached || this.#level() > 1 / 2) return;
    this.#isReached = false;
    for (const goOn of this.#waiting) goOn();
  }
}
