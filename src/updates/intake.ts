/** Reads what a source brings: separates updates from input that is none, drops updates that are too old, and addresses the others. */

import type { ReceivedUpdate } from "../inbox/inbox.ts";
import { type Address, addressOf, type Entity, kindOf, type LineKind, type TelegramObject } from "../protocol/route.ts";

/** Input that cannot be appended to the inbox: it has no update id, or cannot be written as JSON. */
export interface Unreadable {
  readonly update_id: unknown;
  readonly body: string;
  readonly reason: string;
}

export interface ReadBatch {
  readonly updates: readonly ReceivedUpdate[];
  readonly unreadable: readonly Unreadable[];
  /** Number of updates that were dropped for their age. */
  readonly stale: number;
}

/**
 * @param oldest updates with an earlier date are dropped: seconds since 1970
 * @param bot the bot's User, from getMe
 * @param line the setting of --line
 * @param urgent the setting of --urgent
 */
export function readBatch(
  batch: readonly unknown[],
  oldest: number,
  bot: Entity,
  line: LineKind,
  urgent: readonly string[] = [],
): ReadBatch {
  const updates: ReceivedUpdate[] = [];
  const unreadable: Unreadable[] = [];
  let stale = 0;
  for (const input of batch) {
    const { update_id } = (input ?? {}) as { update_id?: unknown };
    const body = jsonOf(input);
    if (body === undefined) unreadable.push({ update_id, body: "null", reason: "it cannot be written as JSON" });
    else if (!isUpdateId(update_id)) unreadable.push({ update_id, body, reason: "it has no update_id" });
    else if (isStale(input as TelegramObject, oldest)) stale += 1;
    else updates.push(received(update_id, body, addressOf(input as TelegramObject, bot, line, urgent)));
  }
  return { updates, unreadable, stale };
}

function received(update_id: number, body: string, { kind, line, shard, chat }: Address): ReceivedUpdate {
  return { update_id, kind, line, shard, chat, body };
}

/** An update without a date, such as a callback query, is never stale. */
function isStale(update: TelegramObject, oldest: number): boolean {
  if (oldest === Number.NEGATIVE_INFINITY) return false;
  const { date = oldest } = (update[kindOf(update) ?? ""] ?? {}) as { date?: number };
  return date < oldest;
}

/** https://core.telegram.org/bots/api#update: a positive integer. */
function isUpdateId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Before Node.js 26, JSON.stringify is recursive and fails on input that is nested some thousand levels deep. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
