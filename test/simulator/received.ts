/** The updates that a bot gets from a simulator. */

import type { Update } from "@grammyjs/types";
import type { Caller } from "./caller.ts";

/** A function that returns the updates since its last call; it waits for one. */
export function receiver(call: Caller): () => Promise<Update[]> {
  let offset = 0;
  return async () => {
    const { result } = await call("getUpdates", { offset, timeout: 10 });
    offset = (result.at(-1)?.update_id ?? offset - 1) + 1;
    return result;
  };
}
