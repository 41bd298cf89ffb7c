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
  /** In order of age. The first `#head` runs are forgotten. */
  #runs: Run[];
  #head = 0;
  /** The same runs, sorted by `first`. No two have an id in common, the forgotten ones included. */
  #sorted: Run[];
  /** The number of the newest run; that run may be forgotten already. */
  #newest: number;

  /** @param runs the stored runs, ordered by id */
  constructor(runs: readonly Run[] = []) {
    this.#runs = [...runs];
    this.#sorted = runs.toSorted((one, other) => one.first - other.first);
    this.#newest = runs.at(-1)?.id ?? 0;
  }

  has(update_id: number): boolean {
    const run = this.#sorted[this.#indexOf(update_id)];
    return run !== undefined && update_id <= run.last && run.id >= this.#oldest;
  }

  /**
   * @param update_id an id that is not remembered
   * @returns the run that now covers the id; the caller stores it under the run's number
   */
  add(update_id: number, now: number): Run {
    const newest = this.#head < this.#runs.length ? this.#runs.at(-1) : undefined;
    const index = this.#indexOf(update_id);
    // A forgotten run that has the id gives way.
    const isTaken = index >= 0 && update_id <= this.#sorted[index]!.last;
    if (newest !== undefined && newest.last + 1 === update_id && now - newest.since < HOUR) {
      newest.last = update_id;
      if (isTaken) this.#sorted.splice(index, 1);
      return newest;
    }
    const run = { id: ++this.#newest, first: update_id, last: update_id, since: now };
    this.#runs.push(run);
    if (isTaken) this.#sorted[index] = run;
    else this.#sorted.splice(index + 1, 0, run);
    return run;
  }

  /** Drops the runs that are too old. @returns a number: every remaining run has this number or a higher one */
  forget(now: number): number {
    const runs = this.#runs;
    while (this.#head < runs.length && now - runs[this.#head]!.since > REMEMBERED_FOR + HOUR) this.#head += 1;
    const oldest = this.#oldest;
    // Seldom, because it takes as long as there are runs.
    if (2 * this.#head > runs.length) {
      this.#runs = runs.slice(this.#head);
      this.#sorted = this.#sorted.filter(({ id }) => id >= oldest);
      this.#head = 0;
    }
    return oldest;
  }

  /** The number of the oldest run that is remembered. */
  get #oldest(): number {
    return this.#runs[this.#head]?.id ?? this.#newest + 1;
  }

  /** The index of the last run that begins at this id or before; -1 if there is none. */
  #indexOf(update_id: number): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]!.first <= update_id) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
