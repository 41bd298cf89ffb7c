/**
 * Tells the dispatcher when time has passed over a suspicion: an event has not killed its worker for a while, suspects have waited long
 * enough, or the last death is long ago.
 */

import { doublings } from "../dispatch/blame.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Arrival } from "../dispatch/line.ts";

/**
 * Time for which an event has its worker to itself, and a suspect is the only one of the process, while others wait: ms. Each death of
 * its worker doubles the first, doublings() the second. So the cause is certain in the end, however late it kills.
 */
const ALONE = 250;
const LONGEST_ALONE = 600_000;

/** Time from the first worker's start to the latest begin of a suspect that an earlier process left: ms. Others go first. */
const SUSPECTS_WAIT = 10_000;

/** Time after a worker's death in which events of scopes that have settled none are tried in quarantine: ms. */
const WARY = 10_000;

export class SuspicionClock {
  readonly #dispatcher: Pick<Dispatcher, "share" | "makeWay" | "trySuspects" | "trust">;
  #suspectsWait: NodeJS.Timeout | undefined;
  #wary: NodeJS.Timeout | undefined;

  constructor(dispatcher: Pick<Dispatcher, "share" | "makeWay" | "trySuspects" | "trust">) {
    this.#dispatcher = dispatcher;
  }

  workerReady(): void {
    this.#suspectsWait ??= setTimeout(() => this.#dispatcher.trySuspects(), SUSPECTS_WAIT).unref();
  }

  workerDied(): void {
    clearTimeout(this.#wary);
    this.#wary = setTimeout(() => this.#dispatcher.trust(), WARY).unref();
  }

  /**
   * The event holds up others at its worker. Lets them go on beside it if it has not killed the worker so far: other suspects last.
   * @param isThere true while the worker that has the event lives
   */
  holdsUp(worker: number, arrival: Arrival, isThere: () => boolean): void {
    const { seq, attempts, deaths, isSuspect } = arrival;
    const after = (doubled: number, step: () => void) => {
      const time = Math.min(ALONE * 2 ** doubled, LONGEST_ALONE);
      setTimeout(() => isThere() && step(), time).unref();
    };
    after(deaths, () => this.#dispatcher.share(worker, seq));
    if (isSuspect) after(doublings(arrival, attempts), () => this.#dispatcher.makeWay(worker, seq));
  }

  /** Suspects wait for good. */
  close(): void {
    clearTimeout(this.#suspectsWait);
  }
}
