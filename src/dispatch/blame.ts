/** Finds those that are blamed for a worker's death among the events that it had. */

import type { Arrival, Held } from "./line.ts";

/** The cause of a worker's death, as far as it is known. */
export interface Blame {
  /** Number of the event that the crash named. */
  readonly named?: number | undefined;
  /** Numbers of the events one of which is likely to have killed it. */
  readonly guessed?: readonly number[];
}

/** Events that can be tried one by one without a long wait. */
export const FEW = 8;
/** An event whose posting ended so often with a death of unknown cause is a suspect. */
const INTERRUPTED = 3;

/** So many attempts do not make a suspect hold up others for longer: every event of a process that ended has some. */
const QUICK_ATTEMPTS = 3;

/**
 * The time for which a suspect holds up other suspects doubles so often: with each death of its worker, and with each attempt after its
 * third. An event that kills late is the only one in the end; one that is at work for long comes last.
 * @param attempts with the one for which it holds them up
 */
export function doublings({ deaths }: Arrival, attempts: number): number {
  return Math.max(0, deaths, attempts - QUICK_ATTEMPTS);
}

/** It is certain that this event was the cause: it is a suspect, and those that were guessed together with it are none. */
export function convict({ arrival }: Held): void {
  for (const other of arrival.guess ?? []) {
    if (other === arrival || other.guess !== arrival.guess) continue;
    other.isSuspect = false;
    other.guess = undefined;
  }
  count(arrival);
}

/** One of the guesses is likely to be the cause: all are suspects. Without a guess, those are that deaths have interrupted often. */
export function suspect(held: readonly Held[], guesses: readonly Held[]): void {
  const arrivals = guesses.map(({ arrival }) => arrival).filter(({ isSuspect }) => !isSuspect);
  for (const arrival of arrivals) arrival.guess = arrivals;
  const interrupted = guesses.length > 0 ? [] : held.filter(({ arrival }) => arrival.attempts >= INTERRUPTED);
  for (const { arrival } of interrupted) arrival.isSuspect = true;
  for (const { arrival } of guesses) count(arrival);
}

function count(arrival: Arrival): void {
  arrival.deaths += 1;
  arrival.isSuspect = true;
}
