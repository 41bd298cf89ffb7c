/** Reads the body of an event or a dead letter. A file that has been damaged may hold anything. */

import type { TelegramObject } from "../protocol/route.ts";

/** @returns undefined if the body is not JSON, or no object */
export function readUpdate(body: string): TelegramObject | undefined {
  try {
    const update: unknown = JSON.parse(body);
    return typeof update === "object" && update !== null && !Array.isArray(update)
      ? (update as TelegramObject)
      : undefined;
  } catch {
    return undefined;
  }
}
