/**
 * The ids of the updates that have ever been received, as runs of consecutive ids, so that a day's worth is a few rows.
 *
 * Telegram's ids restart at random after a quiet week. A run is therefore cut every hour, and forgotten by its age: were one
 * run to grow for ever, the ids it covers could never be forgotten, and a restarted id might meet its own past.
 */

/** One row: all ids from `first` to `last`. */
export interface Run {
  /** The row's number, rising. */
  id: number;
  first: number;
  last: number;
  /** When the run began, in milliseconds since 1970. */
  since: number;
}

const HOUR = 3_600_000;

/** Telegram keeps an update for 24 hours: nothing older can come again. Twice that, to be sure. */
export const REMEMBERED_FOR = 48 * HOUR;

export class SeenIds {
  readonly #runs: Run[];
  /** The number of the newest run, which may be forgotten already. */
  #newest: number;

  /** @param runs as they were stored, by rising id */
  constructor(runs: readonly Run[] = []) {
    this.#runs = [...runs];
    this.#newest = runs.at(-1)?.id ?? 0;
  }

  has(update_id: number): boolean {
    return this.#runs.some(({ first, last }) => first <= update_id && update_id <= last);
  }

  /** @returns the run that now covers the id, to be stored under its number */
  add(update_id: number, now: number): Run {
    const newest = this.#runs.at(-1);
    if (newest !== undefined && newest.last + 1 === update_id && now - newest.since < HOUR) {
      newest.last = update_id;
      return newest;
    }
    const run = { id: ++this.#newest, first: update_id, last: update_id, since: now };
    this.#runs.push(run);
    return run;
  }

  /** Drops what can be forgotten. @returns the number that all runs which are kept have reached */
  forget(now: number): number {
    while (this.#runs.length > 0 && now - this.#runs[0]!.since > REMEMBERED_FOR + HOUR) this.#runs.shift();
    return this.#runs[0]?.id ?? this.#newest + 1;
  }
}
