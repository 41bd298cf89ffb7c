/** What the server shows of itself at one moment, to those who ask from outside. */

import type { Condition } from "../protocol/pulse.ts";

export interface Vitals {
  readonly phase: "starting" | "serving" | "stopping";
  readonly polls: {
    /** Those that have failed since one succeeded, and why the last one did. */
    readonly failures: number;
    readonly lastError: string | undefined;
    /** Milliseconds since a poll last began or ended. */
    readonly silence: number;
    /** When the last one that succeeded was over, or, for none yet, the server was made: milliseconds since 1970. */
    readonly lastSuccess: number;
  };
  readonly workers: readonly WorkerVitals[];
  /** Instances that have been dropped because they were idle: for too long, or to make room. */
  readonly dropped: { readonly idle: number; readonly evicted: number };
  /** Updates that are not settled; since when the oldest waits (milliseconds since 1970), and how many are at the workers. */
  readonly unsettled: number;
  readonly oldest: number | undefined;
  readonly inFlight: number;
  /** Polling pauses, because so much is unsettled. */
  readonly isFull: boolean;
  /** Calls that have not been answered; of these, those that wait for their time. */
  readonly sends: { readonly pending: number; readonly paused: number };
  /** @throws InboxError if nothing can be written now */
  checkInbox(): void;
}

export interface WorkerVitals {
  readonly number: number;
  /** It has started, and is not gone. */
  readonly isUp: boolean;
  /** Milliseconds since its event loop last turned. */
  readonly silence: number;
  /** As of its last beat. */
  readonly condition: Condition;
}
