/** Reads the body of an event or a dead letter. A file that has been damaged may hold anything. */

import { kindOf, type TelegramObject } from "../protocol/route.ts";
import type { Turn } from "./inbox.ts";

/** The reason of a dead letter whose body is damaged. */
export const UNREADABLE = "its stored body cannot be read";

/** @returns undefined if the body is not JSON, or no object */
export function readUpdate(body: string): TelegramObject | undefined {
  try {
    const update: unknown = JSON.parse(body);
    return isObject(update) ? update : undefined;
  } catch {
    return undefined;
  }
}

/**
 * True if the body can be posted: a worker would die of anything else.
 * @param kind the kind that is stored beside the body; empty for an update without a payload
 */
export function isUpdateOf(kind: string, body: string): boolean {
  const update = readUpdate(body);
  return update !== undefined && (kind === "" || (kindOf(update) === kind && isObject(update[kind])));
}

/** The turn that makes an event with a damaged body a dead letter. */
export function unreadableTurn(seq: number): Turn {
  const deadLettered = [{ seq, reason: UNREADABLE, log: "" }];
  return { begun: [], settled: [], writes: [], died: [], withdrawn: [], deadLettered, journal: [] };
}

function isObject(value: unknown): value is TelegramObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
