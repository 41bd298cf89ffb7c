/** The number of events in a second, measured without memory of its own for each event. */

/** Length of a bucket: ms. */
const BUCKET = 50;
const PER_SECOND = 1000 / BUCKET;
/** Two seconds: a count may end up to a second ago. */
const BUCKETS = 2 * PER_SECOND;

export class Meter {
  readonly #counts = new Uint32Array(BUCKETS);
  /** Number of the newest bucket. */
  #newest = 0;

  count(now: number): void {
    this.#moveTo(bucketOf(now));
    this.#counts[this.#newest % BUCKETS]! += 1;
  }

  /** Events in the second that ended at `end`, a second before now at the most. */
  secondBefore(end: number, now: number): number {
    this.#moveTo(bucketOf(now));
    let sum = 0;
    for (let bucket = bucketOf(end), left = PER_SECOND; left > 0; left--) sum += this.#counts[bucket-- % BUCKETS] ?? 0;
    return sum;
  }

  #moveTo(bucket: number): void {
    if (bucket - this.#newest >= BUCKETS) this.#counts.fill(0);
    else for (let empty = this.#newest + 1; empty <= bucket; empty++) this.#counts[empty % BUCKETS] = 0;
    this.#newest = bucket;
  }
}

function bucketOf(time: number): number {
  return Math.floor(time / BUCKET);
}
