/** Milliseconds before attempt n + 1: 100, doubling up to `most`, less a random fifth at most, so that callers spread out. */
export function backoff(attempt: number, most: number, random = Math.random): number {
  return Math.min(most, 100 * 2 ** Math.min(attempt - 1, 20)) * (1 - random() / 5);
}
