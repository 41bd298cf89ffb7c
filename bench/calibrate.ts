/** How long heavy work takes one thread of this machine, so that every peer gets the same of it. */

import { now } from "./clock.ts";
import { burn } from "./peers/bot.ts";
import { median } from "./statistics.ts";

/** Enough to be measured well, and to have been warmed up. */
const SAMPLE = 20_000;
const TIMES = 15;

/** @returns the rounds of hashing that take one thread so long: ms */
export function roundsFor(ms: number): number {
  return Math.round((ms / timeOf(SAMPLE)) * SAMPLE);
}

/** @returns what so many rounds take one thread now: ms */
export function timeOf(rounds: number): number {
  const times: number[] = [];
  for (let i = 0; i < TIMES; i++) {
    const begun = now();
    burn(rounds);
    times.push(now() - begun);
  }
  return median(times);
}
