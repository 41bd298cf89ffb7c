/** Readiness: the reasons for which a server cannot do its work now. */

import type { WebhookState } from "../protocol/update-source.ts";
import type { Status } from "./status.ts";

export interface Reason {
  readonly check: "phase" | "polling" | "webhook" | "events" | "workers" | "reload" | "inbox";
  /** For people. */
  readonly reason: string;
}

/** Failed polls in a row. One or two may be chance, and the next poll comes within a moment. */
const FAILURES = 3;
/** Longest time between the beginnings and ends of polls: ms. A long poll takes 50 s, and is given up after 60 s. */
const SILENCE = 70_000;
/** Longest time for which a worker's event loop may stand still: ms. */
const STALLED = 10_000;

/** @returns no reason if the server is ready */
export async function whyNotReady(status: Status): Promise<Reason[]> {
  if (status.phase !== "serving") return [{ check: "phase", reason: status.phase }];
  const source = status.source.webhook === undefined ? polling(status) : webhook(status, status.source.webhook);
  return [...source, ...events(status), ...workers(status), ...reload(status), ...(await inbox(status))];
}

function* polling({ source, fullSince }: Status): Iterable<Reason> {
  const { failures, lastError, silence } = source;
  if (failures >= FAILURES) {
    yield { check: "polling", reason: `the last ${failures} polls have failed: ${lastError}` };
  }
  if (fullSince !== undefined) {
    const since = new Date(fullSince).toISOString();
    yield { check: "polling", reason: `polling pauses since ${since}: too many events are unsettled` };
  } else if (silence >= SILENCE) {
    yield { check: "polling", reason: `no poll for ${seconds(silence)}` };
  }
}

/** Failed deliveries are no reason: a proxy that sends nothing to a server that is not ready would make them last for ever. */
function* webhook({ source, fullSince }: Status, { isSet }: WebhookState): Iterable<Reason> {
  const { failures, lastError } = source;
  if (!isSet) yield { check: "webhook", reason: `the webhook is not set${lastError ? `: ${lastError}` : ""}` };
  else if (failures >= FAILURES) {
    yield { check: "webhook", reason: `the last ${failures} checks of the webhook have failed: ${lastError}` };
  }
  if (fullSince !== undefined) {
    const since = new Date(fullSince).toISOString();
    yield { check: "webhook", reason: `updates wait at Telegram since ${since}: too many events are unsettled` };
  }
}

function* events({ holding }: Status): Iterable<Reason> {
  if (holding === undefined) return;
  const since = new Date(holding.since).toISOString();
  yield { check: "events", reason: `events are held since ${since}: most chats' events throw ${holding.error}` };
}

function* workers({ workers }: Status): Iterable<Reason> {
  for (const { number, isUp, silence } of workers) {
    if (!isUp) yield { check: "workers", reason: `worker ${number} is not up` };
    else if (silence >= STALLED) {
      const reason = `worker ${number} is stalled: its event loop has not turned for ${seconds(silence)}`;
      yield { check: "workers", reason };
    }
  }
}

function* reload({ reloadFailure, workers }: Status): Iterable<Reason> {
  if (reloadFailure === undefined) return;
  // A program's old worker has ended by then.
  const effect = workers.every(({ isUp }) => isUp) ? ", and the old code goes on" : "";
  yield { check: "reload", reason: `the last reload failed${effect}: ${reloadFailure}` };
}

async function inbox({ checkInbox }: Status): Promise<Reason[]> {
  try {
    await checkInbox();
    return [];
  } catch (error) {
    return [{ check: "inbox", reason: (error as Error).message }];
  }
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} s`;
}
