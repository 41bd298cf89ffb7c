/**
 * The services of a thread: what the server offers to the code that runs in it. The code may have imported another copy of this
 * package than the server, so the services are found under a registered symbol.
 */

import type { DeadLetterHandler } from "./dead-letter.ts";
import type { Delivery } from "./delivery.ts";
import type { Jobs } from "./jobs.ts";
import type { ValueAccess } from "./stored-value.ts";

export interface Services {
  /** The jobs that offload() makes, and the values of shared(). */
  readonly jobs: Jobs;
  /** The delivery of the event whose code runs. */
  currentDelivery(): Delivery | undefined;
  /** The delivery of an update that this thread holds. */
  deliveryOf(update: object): Delivery | undefined;
  /** Sets the handler of dead letters. Absent in a heavy thread. */
  onDeadLetter?(handler: DeadLetterHandler): void;
  /** The stored values. Absent in a heavy thread. */
  readonly values?: ValueAccess;
  /** The job whose code runs; undefined outside a heavy thread. */
  currentJob(): { readonly signal: AbortSignal } | undefined;
}

const SERVICES = Symbol.for("asgigram.services");

type Offering = { [SERVICES]?: Services };

/** The services of this thread; undefined where no server runs it. */
export function services(): Services | undefined {
  return (globalThis as Offering)[SERVICES];
}

export function provide(offered: Services): void {
  (globalThis as Offering)[SERVICES] = offered;
}
