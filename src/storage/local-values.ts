/** The stored values of a process in which no server runs the code: in memory, until the process ends. */

import type { ValueAccess } from "../protocol/stored-value.ts";

const values = new Map<string, string>();
let isTold = false;

export const localValues: ValueAccess = {
  async get(key) {
    tell();
    return values.get(key);
  },
  async set(key, json) {
    tell();
    if (json === undefined) values.delete(key);
    else values.set(key, json);
  },
};

/** Tells once that the values will be gone. */
function tell(): void {
  if (isTold) return;
  isTold = true;
  process.emitWarning(
    "asgigram/storage keeps its values in memory, until this process ends: run the bot with asgigram to keep them",
    { code: "ASGIGRAM_STORAGE" },
  );
}
