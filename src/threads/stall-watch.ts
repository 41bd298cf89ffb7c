/** Watches for workers whose event loop does not turn: reports each once, and kills it after the stall timeout. */

import { WorkerError } from "../protocol/errors.ts";
import type { Worker } from "./worker.ts";

export interface StallWatchOptions {
  /** The workers as they are at each look. */
  workers: Iterable<Worker>;
  /** Silence after which a worker is killed: ms. */
  timeout: number;
  onStalled(worker: Worker): void;
}

/** Pause between two looks: ms. */
const WATCH = 250;
/** A worker that is silent for so long is stalled: ms. */
const STALLED = 10_000;

export class StallWatch {
  readonly #options: StallWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #lastLook = 0;

  constructor(options: StallWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#lastLook = performance.now();
    this.#timer = setInterval(() => this.#look(), WATCH).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    // If this thread itself was held up (a laptop that slept), the workers' silence means nothing.
    const now = performance.now();
    const isLate = now - this.#lastLook > 3 * WATCH;
    this.#lastLook = now;
    if (!isLate) for (const worker of this.#options.workers) this.#lookAt(worker);
  }

  #lookAt(worker: Worker): void {
    const { timeout, onStalled } = this.#options;
    const { silence } = worker.pulse;
    if (silence < Math.min(STALLED, timeout)) worker.isStalled = false;
    else if (!worker.isStalled) {
      worker.isStalled = true;
      onStalled(worker);
    }
    if (silence >= timeout) worker.kill(new WorkerError(`worker ${worker.number} was stalled`));
  }
}
