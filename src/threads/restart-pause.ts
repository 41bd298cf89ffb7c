import { backoff } from "../protocol/backoff.ts";

/** Longest pause: ms. */
const LONGEST = 10_000;

/**
 * Pause before a dead worker is started again: none after its first death, then 200 ms, doubling.
 * @param deaths number of its deaths in a row, from 1
 */
export function restartPause(deaths: number, random = Math.random): number {
  return deaths === 1 ? 0 : backoff(deaths, LONGEST, random);
}
