/**
 * The way of each update, for a page or a test that looks: pushed and confirmed as the Bot API sees it, and in between what a server
 * reports that runs the bot. Bounded: the oldest update goes first.
 */

import type { UpdateQueue } from "../state/update-queue.ts";

/** A step of an update. */
export interface Step {
  /** `pushed`, `confirmed`, and the words of the server: `received`, `posted`, `settled`, … */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What the server tells of it: worker, attempt, error, … */
  readonly facts?: Readonly<Record<string, string | number>>;
}

export interface UpdateTrace {
  readonly update_id: number;
  /** `message`, `callback_query`, … */
  readonly kind: string;
  readonly update: Readonly<Record<string, unknown>>;
  readonly steps: readonly Step[];
}

const KEPT = 2000;

export interface InspectorOptions {
  queue: UpdateQueue;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Updates that are kept; default 2,000. */
  kept?: number;
}

export class Inspector {
  readonly #now: () => number;
  readonly #kept: number;
  /** By update_id, the oldest first. */
  readonly #traces = new Map<number, UpdateTrace>();
  readonly #observers = new Set<(trace: UpdateTrace) => void>();

  constructor({ queue, now, kept = KEPT }: InspectorOptions) {
    this.#now = now;
    this.#kept = kept;
    queue.onPush.push((json) => this.#pushed(JSON.parse(json)));
    queue.onConfirm.push((update_id) => this.report(update_id, { name: "confirmed" }));
  }

  get traces(): UpdateTrace[] {
    return [...this.#traces.values()];
  }

  /** Adds a step to an update that is known. */
  report(update_id: number, step: Omit<Step, "at">): void {
    const trace = this.#traces.get(update_id);
    if (trace !== undefined) this.#keep({ ...trace, steps: [...trace.steps, { ...step, at: this.#now() }] });
  }

  /** Calls `observer` for each update that gets a step, until the returned function is called. */
  observe(observer: (trace: UpdateTrace) => void): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  #pushed(update: { update_id: number; [kind: string]: unknown }): void {
    const kind = Object.keys(update).find((key) => key !== "update_id") ?? "unknown";
    const { update_id } = update;
    // A test may use an id again.
    this.#traces.delete(update_id);
    this.#keep({ update_id, kind, update, steps: [{ name: "pushed", at: this.#now() }] });
    if (this.#traces.size > this.#kept) this.#traces.delete(this.#traces.keys().next().value!);
  }

  #keep(trace: UpdateTrace): void {
    this.#traces.set(trace.update_id, trace);
    for (const observer of this.#observers) observer(trace);
  }
}
