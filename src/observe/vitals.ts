/** What the server shows of itself at one moment, to those who ask from outside. */

export interface Vitals {
  readonly phase: "starting" | "serving" | "stopping";
  readonly polls: {
    /** Those that have failed since one succeeded, and why the last one did. */
    readonly failures: number;
    readonly lastError: string | undefined;
    /** Milliseconds since a poll last began or ended. */
    readonly silence: number;
  };
  readonly workers: readonly WorkerVitals[];
  /** Polling pauses, because so much is unsettled. */
  readonly isFull: boolean;
  /** @throws InboxError if nothing can be written now */
  checkInbox(): void;
}

export interface WorkerVitals {
  readonly number: number;
  /** It has started, and is not gone. */
  readonly isUp: boolean;
  /** Milliseconds since its event loop last turned. */
  readonly silence: number;
}
