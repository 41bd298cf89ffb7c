/** Measures heavy work on one thread of this machine, so that every peer gets the same amount. */

import { now } from "./clock.ts";
import { burn } from "./peers/bot.ts";
import { median } from "./statistics.ts";

/** Rounds of one sample: enough for a warm and exact measurement. */
const SAMPLE = 20_000;
const TIMES = 15;

/** @returns the rounds of hashing that take one thread `ms` milliseconds */
export function roundsFor(ms: number): number {
  return Math.round((ms / timeOf(SAMPLE)) * SAMPLE);
}

/** @returns the time of `rounds` rounds on one thread, now: ms */
export function timeOf(rounds: number): number {
  const times: number[] = [];
  for (let i = 0; i < TIMES; i++) {
    const begun = now();
    burn(rounds);
    times.push(now() - begun);
  }
  return median(times);
}
