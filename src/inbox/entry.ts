/** Entries of an inbox: of updates that were received just now, and of stored rows. */

import type { RecordedCall } from "../protocol/recorded-call.ts";
import type { InboxEntry, ReceivedUpdate } from "./inbox.ts";

/** An event in the file, without its body: a row of the statements `entries` and `page`. */
export type EventRow = [
  seq: number,
  update_id: number,
  kind: string,
  line: string,
  shard: number,
  chat: number,
  size: number,
  attempts: number,
  deaths: number,
  orphaned: number,
  received_at: number,
  saved: string | null,
];

/** The entry of an event in the file. Its body stays there. */
export function storedEntry(
  row: EventRow,
  origin: InboxEntry["origin"],
  calls: readonly RecordedCall[] | undefined,
): InboxEntry {
  const [seq, update_id, kind, line, shard, chat, size, attempts, deaths, orphaned, received_at, saved] = row;
  const body = undefined;
  const entry = {
    seq,
    update_id,
    kind,
    line,
    shard,
    chat,
    body,
    size,
    origin,
    attempts,
    deaths,
    orphaned,
    received_at,
  };
  if (calls === undefined && saved === null) return entry;
  return { ...entry, ...(calls !== undefined && { calls }), ...(saved !== null && { saved }) };
}

/** The entry of an update that was received just now. */
export function newEntry(seq: number, update: ReceivedUpdate, received_at: number): InboxEntry {
  const { update_id, kind, line, shard, chat, body } = update;
  return {
    seq,
    update_id,
    kind,
    line,
    shard,
    chat,
    body,
    size: Buffer.byteLength(body),
    origin: "received",
    attempts: 0,
    deaths: 0,
    orphaned: 0,
    received_at,
  };
}

/** A stored call of an unsettled event. */
export interface CallRow extends Omit<RecordedCall, "lane" | "answer"> {
  readonly seq: number;
  readonly lane: string | null;
  readonly answer: string | null;
}

/**
 * The calls of unsettled events, by the number of the event. A call of several events is one object.
 * @param keyOf rows with the same key are the same call
 */
export function callsByEvent(
  rows: readonly CallRow[],
  keyOf: (row: CallRow) => number | string,
): ReadonlyMap<number, readonly RecordedCall[]> {
  const known = new Map<number | string, RecordedCall>();
  const calls = new Map<number, RecordedCall[]>();
  for (const row of rows) {
    const { id, seq, method, lane, body, answer } = row;
    const key = keyOf(row);
    const call = known.get(key) ?? { id, method, lane: lane ?? undefined, body, answer: answer ?? undefined };
    known.set(key, call);
    const ofEvent = calls.get(seq);
    if (ofEvent === undefined) calls.set(seq, [call]);
    else ofEvent.push(call);
  }
  return calls;
}
