/**
 * The worker of each shard. Shards are the inbox's and fixed in number; workers are this process's. Neighbouring shards go to
 * one worker, and the workers' shares differ by one shard at most.
 */

import { SHARDS } from "../protocol/shard.ts";

export class ShardTable {
  readonly #workers: readonly number[];

  /** @param workers how many workers share the shards: 1 to 256 */
  constructor(workers: number) {
    this.#workers = Array.from({ length: SHARDS }, (_, shard) => Math.floor((shard * workers) / SHARDS));
  }

  workerOf(shard: number): number {
    return this.#workers[shard]!;
  }
}
