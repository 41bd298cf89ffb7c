/** A high-water mark: once the level reaches it, `room()` waits until the level has fallen to half of it. */
export class HighWater {
  readonly #level: () => number;
  /** Ends the wait of each room(). */
  readonly #waiting = new Set<() => void>();
  #since: number | undefined;

  /** @param level the level now; 1 is the mark */
  constructor(level: () => number) {
    this.#level = level;
  }

  /** Time from which `room()` waits: milliseconds since 1970; undefined while it does not. */
  get since(): number | undefined {
    return this.#since;
  }

  /** Resolves when there is room: at once unless the mark was reached. Resolves as well when the signal is aborted. */
  async room(signal: AbortSignal): Promise<void> {
    if (this.#since === undefined && this.#level() >= 1) this.#since = Date.now();
    if (this.#since === undefined || signal.aborted) return;
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
    if (this.#since === undefined || this.#level() > 1 / 2) return;
    this.#since = undefined;
    for (const goOn of this.#waiting) goOn();
  }
}
