/**
 * The unsettled events of one scope. They leave in order: those that a worker has, then those that wait. A line may have a few
 * events posted at once: enough to keep a worker busy, few enough that no chat fills it. A line whose application settles nothing
 * gets two places, and more as it goes on.
 */

import type { ReceivedEvent } from "../protocol/received-event.ts";
import { Arrivals } from "./arrivals.ts";
import type { WorkerQueue } from "./worker-queue.ts";

/** An unsettled event of the inbox, with its address. */
export interface Arrival extends ReceivedEvent {
  /** Number of workers that died of the event, as far as is known. */
  deaths: number;
  /** Undefined if it is in the inbox alone: it is read when the event is posted. */
  body: string | undefined;
  /** The shard of its scope. */
  readonly shard: number;
  /** It may have killed its worker, or the process: it is posted alone, in quarantine if there is one. */
  isSuspect?: boolean;
  /** The events that were guessed together as the cause of a death, if this is a suspect for that alone. */
  guess?: readonly Arrival[] | undefined;
}

/** An event that a worker has. */
export interface Held {
  readonly arrival: Arrival;
  readonly line: Line;
}

/** Events that a line may have posted at once: at first, and at most. */
const FIRST_WINDOW = 2;
const WIDEST_WINDOW = 32;
/** Events of a line that may be unsettled although the application went on. */
const MOST_KEPT = 32;

export class Line {
  readonly scope: string;
  readonly shard: number;
  /** The worker that gets the events: the shard's, or the quarantine. */
  worker: WorkerQueue;
  readonly waiting = new Arrivals();
  /** Events that the worker has, but for those that are kept. */
  posted = 0;
  /** Events at which the application has open work, although it went on. */
  kept = 0;
  /** A posted event that the application is to try again later: the line waits for it in the worker. */
  resting: Held | undefined;
  /** The shard is being taken away: nothing of the line is posted or kept. */
  isRevoked = false;
  /** Its application has settled an event before. */
  isProven: boolean;
  #window = FIRST_WINDOW;

  constructor(scope: string, shard: number, worker: WorkerQueue, isProven: boolean) {
    this.scope = scope;
    this.shard = shard;
    this.worker = worker;
    this.isProven = isProven;
  }

  /** True if an event waits, and may be posted when its worker has room. */
  get isReady(): boolean {
    const { first } = this.waiting;
    if (first === undefined || this.kept >= MOST_KEPT || this.resting !== undefined) return false;
    // A suspect's application has nothing else at hand, and nothing goes beside it.
    return this.posted < (first.isSuspect ? 1 : this.#window);
  }

  get isEmpty(): boolean {
    return this.waiting.length + this.posted + this.kept === 0;
  }

  /** An event was settled. */
  widen(): void {
    this.isProven = true;
    this.#window = Math.min(WIDEST_WINDOW, 2 * this.#window);
  }
}
