/**
 * Number of shards of an inbox, fixed for its life: a line stays in the same shard. A table of the pool says which worker serves each
 * shard, so that the number of workers may change.
 */
export const SHARDS = 256;

const GOLDEN = 0x9e3779b1;
const TWO_32 = 2 ** 32;

/**
 * The shard of a chat or user. A private chat has its user's id, so both are in the same shard.
 *
 * Multiplicative hashing by the golden ratio spreads consecutive ids better than chance would, and random ids evenly.
 * The high half of the product picks the shard without favouring small divisors.
 *
 * @param id any safe integer: user ids are positive, group ids negative, both may exceed 32 bits
 */
export function shardOf(id: number, shards: number): number {
  const high = Math.floor(id / TWO_32);
  const hash = Math.imul((id | 0) ^ Math.imul(high, 0x85ebca6b), GOLDEN) >>> 0;
  return Math.floor((hash / TWO_32) * shards);
}

/**
 * The shard of a line: the topics or members of one chat spread over all shards.
 * @param id of its chat or user
 * @param part id of its topic or member
 */
export function shardOfLine(id: number, part: number | undefined): number {
  return part === undefined ? shardOf(id, SHARDS) : (shardOf(id, SHARDS) + shardOf(part, SHARDS)) % SHARDS;
}

/** The id of a key's chat or user, and of its topic or member. Other parts follow, and do not count. */
const IDS = /^\w+:(-?\d+)(?:\/(?:topic|member):(-?\d+))?/;

/** The shard of the line with that key. */
export function shardOfKey(key: string): number {
  const [, id, part] = IDS.exec(key)!;
  return shardOfLine(Number(id), part === undefined ? undefined : Number(part));
}
