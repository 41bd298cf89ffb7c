/**
 * Watches for workers whose event loop does not turn: reports each once, and kills it after the stall timeout, or when the event at hand
 * has blocked it for longer than its own time limit and a grace.
 */

import { WorkerError } from "../protocol/errors.ts";
import { LIMIT_GRACE } from "../protocol/pulse.ts";
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
    const { pulse } = worker;
    const { silence } = pulse;
    if (silence < Math.min(STALLED, timeout)) worker.isStalled = false;
    else if (!worker.isStalled) {
      worker.isStalled = true;
      onStalled(worker);
    }
    if (pulse.limit > 0 && silence >= pulse.limit + LIMIT_GRACE) {
      worker.overdue = pulse.seq;
      worker.kill(
        new WorkerError(`worker ${worker.number} was blocked by an event for longer than the event's time limit`),
      );
    } else if (silence >= timeout) worker.kill(new WorkerError(`worker ${worker.number} was stalled`));
  }
}
