/**
 * The ids of received updates, as runs of consecutive ids, so that a day's worth is a few rows.
 *
 * Telegram's ids restart at a random number after a quiet week (https://core.telegram.org/bots/api#update). So a run
 * covers one hour at most, and is forgotten by its age. A run that grew for ever could never be forgotten, and a new
 * update whose id it covers would be taken for a repeated one.
 */

/** A row of the table `seen`: all ids from `first` to `last`. */
export interface Run {
  /** The row's number; later runs have higher ones. */
  id: number;
  first: number;
  last: number;
  /** Start of the run, in milliseconds since 1970. */
  since: number;
}

const HOUR = 3_600_000;

/** Telegram keeps an update for 24 hours and cannot repeat an older one. Ids are kept twice as long, for safety: ms. */
export const REMEMBERED_FOR = 48 * HOUR;

export class SeenIds {
  readonly #runs: Run[];
  /** The number of the newest run; that run may be forgotten already. */
  #newest: number;

  /** @param runs the stored runs, ordered by id */
  constructor(runs: readonly Run[] = []) {
    this.#runs = [...runs];
    this.#newest = runs.at(-1)?.id ?? 0;
  }

  has(update_id: number): boolean {
    return this.#runs.some(({ first, last }) => first <= update_id && update_id <= last);
  }

  /** @returns the run that now covers the id; the caller stores it under the run's number */
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

  /** Drops the runs that are too old. @returns a number: every remaining run has this number or a higher one */
  forget(now: number): number {
    while (this.#runs.length > 0 && now - this.#runs[0]!.since > REMEMBERED_FOR + HOUR) this.#runs.shift();
    return this.#runs[0]?.id ?? this.#newest + 1;
  }
}
