/**
 * The jobs that wait for one module. Lines take turns, and the jobs of one line keep their order: a chat with a hundred jobs delays
 * another chat by one.
 */

import { QueueFullError } from "../protocol/errors.ts";

export interface QueuedJob {
  readonly line: string | undefined;
  /** Size of its arguments. */
  readonly bytes: number;
}

/** Arguments that may wait: bytes. */
const BYTES = 256 * 2 ** 20;

export class FairQueue<Job extends QueuedJob> {
  readonly #limit: number | undefined;
  /** The waiting jobs by line. The order of the lines is that of their turns. */
  readonly #lines = new Map<string | undefined, Job[]>();
  #size = 0;
  #bytes = 0;

  /** @param limit the most jobs that wait; undefined for 256 MB of arguments */
  constructor(limit?: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * @param soon number of jobs that will not wait: threads are free for them, or about to be
   * @throws QueueFullError
   */
  push(job: Job, soon = 0): void {
    if (this.#size >= soon) this.#refuseIfFull(job, this.#size - soon);
    const line = this.#lines.get(job.line);
    if (line === undefined) this.#lines.set(job.line, [job]);
    else line.push(job);
    this.#count(job, 1);
  }

  /** Takes the next job out. */
  shift(): Job | undefined {
    const [next] = this.#lines;
    if (next === undefined) return undefined;
    const [key, line] = next;
    const job = line.shift()!;
    this.#lines.delete(key);
    if (line.length > 0) this.#lines.set(key, line);
    this.#count(job, -1);
    return job;
  }

  /** @returns false if the job does not wait */
  remove(job: Job): boolean {
    const line = this.#lines.get(job.line) ?? [];
    const place = line.indexOf(job);
    if (place < 0) return false;
    line.splice(place, 1);
    if (line.length === 0) this.#lines.delete(job.line);
    this.#count(job, -1);
    return true;
  }

  /** Number of the waiting jobs that start before this one, unless more come; 0 if it does not wait. */
  ahead(job: Job): number {
    const place = this.#lines.get(job.line)?.indexOf(job) ?? -1;
    if (place < 0) return 0;
    let ahead = place;
    let hadTurn = true;
    for (const [key, { length }] of this.#lines) {
      if (key === job.line) hadTurn = false;
      // A line before this one has one turn more when this job's turn comes.
      else ahead += Math.min(length, hadTurn ? place + 1 : place);
    }
    return ahead;
  }

  #refuseIfFull({ bytes }: Job, waiting: number): void {
    if (this.#limit !== undefined && waiting >= this.#limit) {
      throw new QueueFullError(`${waiting} jobs wait already (queue: ${this.#limit})`);
    }
    // The first may be as large as it likes: it would never be smaller.
    if (this.#limit === undefined && waiting > 0 && this.#bytes + bytes > BYTES) {
      const megabytes = Math.round(this.#bytes / 2 ** 20);
      throw new QueueFullError(
        `${waiting} jobs with ${megabytes} MB of arguments wait already, and 256 MB are the limit`,
      );
    }
  }

  #count(job: Job, sign: 1 | -1): void {
    this.#size += sign;
    this.#bytes += sign * job.bytes;
  }
}
