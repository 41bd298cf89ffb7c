/** The state of a server at one moment, for /readyz and /metrics. */

import type { InboxShare } from "../protocol/inbox-share.ts";
import type { ModuleStatus } from "../protocol/job-facts.ts";
import type { WorkerStatus } from "../protocol/pulse.ts";
import type { SourceState } from "../protocol/update-source.ts";

export interface Status {
  readonly phase: "starting" | "serving" | "stopping";
  readonly source: SourceState;
  readonly workers: readonly WorkerStatus[];
  /** The error for which the last reload failed; undefined if it did not. */
  readonly reloadFailure: string | undefined;
  /** The modules of offload(). */
  readonly heavy: readonly ModuleStatus[];
  /** Idle application instances dropped so far. `idle`: for --idle-timeout. `evicted`: to make room for others. */
  readonly droppedInstances: { readonly idle: number; readonly evicted: number };
  /** Events received and not settled. */
  readonly unsettled: number;
  /** Time at which the oldest of them was received: milliseconds since 1970; undefined if there is none. */
  readonly oldest: number | undefined;
  /** Events at the workers. */
  readonly posted: number;
  /** Time from which polling pauses because too many events are unsettled: milliseconds since 1970; undefined while it does not. */
  readonly fullSince: number | undefined;
  /** Why, and since when (milliseconds since 1970), events are held; undefined while they are not. */
  readonly holding: { readonly since: number; readonly error: string } | undefined;
  /** `pending`: calls without an answer. `paused`: those of them that wait before they are made. */
  readonly sends: { readonly pending: number; readonly paused: number };
  /** The part of this machine of an inbox that several share; undefined of another inbox. */
  readonly share?: InboxShare | undefined;
  /** Rejects with an InboxError if the inbox cannot be written now. */
  checkInbox(): Promise<void>;
}
