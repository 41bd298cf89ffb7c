/** Whether the server does its work, and if not, why not. */

import type { Vitals } from "./status.ts";

export interface Reason {
  readonly check: "phase" | "polling" | "workers" | "inbox";
  /** For people. */
  readonly reason: string;
}

/** One failure may be anything, and the next poll comes within a moment. */
const FAILURES = 3;
/** A long poll waits for 50 s, and is given up 10 s later: when nothing has begun or ended for longer, none is under way: ms. */
const SILENCE = 70_000;
/** The event loop of a worker may well stand still for a while: ms. */
const STALLED = 10_000;

/** @returns nothing where it is ready */
export function whyNotReady(vitals: Vitals): Reason[] {
  if (vitals.phase !== "serving") return [{ check: "phase", reason: vitals.phase }];
  return [...polling(vitals), ...workers(vitals), ...inbox(vitals)];
}

function* polling({ polls, isFull }: Vitals): Iterable<Reason> {
  const { failures, lastError, silence } = polls;
  if (failures >= FAILURES) {
    yield { check: "polling", reason: `the last ${failures} polls have failed: ${lastError}` };
  }
  if (silence >= SILENCE) {
    const why = isFull ? "too much is unsettled, and polling waits for that" : "none is under way";
    yield { check: "polling", reason: `no poll for ${seconds(silence)}: ${why}` };
  }
}

function* workers({ workers }: Vitals): Iterable<Reason> {
  for (const { number, isUp, silence } of workers) {
    if (!isUp) yield { check: "workers", reason: `worker ${number} is not up` };
    else if (silence >= STALLED) {
      const reason = `worker ${number} is stalled: its event loop has not turned for ${seconds(silence)}`;
      yield { check: "workers", reason };
    }
  }
}

function* inbox({ checkInbox }: Vitals): Iterable<Reason> {
  try {
    checkInbox();
  } catch (error) {
    yield { check: "inbox", reason: (error as Error).message };
  }
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} s`;
}
