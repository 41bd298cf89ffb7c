/**
 * One job, from its order to its end:
 *
 *   waiting -- started() --> running -- the function is over --> over
 *   waiting -- refused, given up, the server stops --> over
 *   running -- time limit, crash --> over: its caller is told
 */

import type { JobFacts } from "../protocol/job-facts.ts";
import type { JobOrder } from "../protocol/port.ts";
import type { QueuedJob } from "./fair-queue.ts";

/** The caller of a job. */
export interface JobCaller {
  started(): void;
  /** No answer will come. */
  lost(error: Error): void;
  /** The job is over for the caller. */
  over(): void;
}

export class HeavyJob implements QueuedJob {
  readonly order: JobOrder;
  readonly #caller: JobCaller;
  readonly #queuedAt = performance.now();
  #startedAt: number | undefined;
  #isDropped = false;

  constructor(order: JobOrder, caller: JobCaller) {
    this.order = order;
    this.#caller = caller;
  }

  get line(): string | undefined {
    return this.order.line;
  }

  get bytes(): number {
    return this.order.bytes;
  }

  /** Time in the queue, and in the thread: ms. */
  get times(): Pick<JobFacts, "wait" | "duration"> {
    const now = performance.now();
    const startedAt = this.#startedAt ?? now;
    return { wait: startedAt - this.#queuedAt, duration: now - startedAt };
  }

  started(): void {
    this.#startedAt = performance.now();
    this.#caller.started();
  }

  /** Tells the caller that no answer will come, unless it has given the job up itself. */
  lost(error: Error): void {
    if (this.#isDropped) return;
    this.drop();
    this.#caller.lost(error);
  }

  /** The caller hears nothing more. The arguments of a job that has not started are freed. */
  drop(): void {
    if (this.#isDropped) return;
    this.#isDropped = true;
    if (this.#startedAt === undefined) this.order.port.close();
    this.#caller.over();
  }
}
