/**
 * The source of updates: long polling, or a webhook.
 *
 * A source hands each batch of updates to its option `received(updates, signal)` and waits for the promise: once it has
 * resolved, the updates are stored for good, and there is room for more.
 */

export interface UpdateSource {
  /** Receives updates until the signal is aborted. Rejects with an error that ends the server. */
  run(signal: AbortSignal): Promise<void>;
  /** Drops the updates that wait at Telegram. @returns true if there were any */
  skipPending(signal: AbortSignal): Promise<boolean>;
  /** Tells Telegram that the last batch was received. */
  confirm(signal: AbortSignal): Promise<void>;
  readonly state: SourceState;
}

/** Says which of several machines polls. */
export interface Election {
  /** True while this one does. */
  readonly isElected: boolean;
  /** @returns true if no other machine is there */
  isAlone(): Promise<boolean>;
  /** @param listener called at each change @returns how to end that */
  onChange(listener: () => void): () => void;
  /** Another machine had better poll, if there is one. */
  giveUp(): void;
}

export interface SourceState {
  /** Failed requests since the last success. */
  readonly failures: number;
  /** Error of the last request; undefined if it succeeded. */
  readonly lastError: string | undefined;
  /** The last request was refused with 409, since another process polls or a webhook is set: as it would be on each machine. */
  readonly isConflict?: boolean;
  /** Milliseconds since a request last began or ended. */
  readonly silence: number;
  /** End of the last successful request, or the start of the server if there was none: milliseconds since 1970. */
  readonly lastSuccess: number;
  /** Of a webhook only. A request, above, is then one to Telegram that sets or checks the webhook. */
  readonly webhook?: WebhookState;
}

export interface WebhookState {
  /** True while Telegram sends the updates here, as far as is known. */
  readonly isSet: boolean;
  /** Updates that wait at Telegram, at the last check. */
  readonly pending: number;
  /** Telegram's requests so far, by their outcome (src/telegram/webhook-server.ts). */
  readonly requests: { readonly [outcome in "stored" | "postponed" | "refused" | "failed"]: number };
}
