/**
 * Which worker a chat or user belongs to. A private chat has its user's id, so both are served by the same worker.
 *
 * Multiplicative hashing by the golden ratio spreads consecutive ids better than chance would, and random ones as evenly as
 * they come; the high half of the product then picks the shard without favouring small divisors.
 */

const GOLDEN = 0x9e3779b1;
const TWO_32 = 2 ** 32;

/** @param id any safe integer: user ids are positive, group ids negative, both may exceed 32 bits */
export function shardOf(id: number, shards: number): number {
  const high = Math.floor(id / TWO_32);
  const hash = Math.imul((id | 0) ^ Math.imul(high, 0x85ebca6b), GOLDEN) >>> 0;
  return Math.floor((hash / TWO_32) * shards);
}
