/** Preloaded into every process and thread of a trial: puts the broken source in the place of the file's. */

import { registerHooks } from "node:module";

/** Environment variable with a Replacement as JSON. */
export const REPLACEMENT = "MUTANT_REPLACEMENT";

export interface Replacement {
  readonly url: string;
  readonly source: string;
}

const text = process.env[REPLACEMENT];
if (text !== undefined) {
  const { url: replaced, source } = JSON.parse(text) as Replacement;
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      return url === replaced ? { ...loaded, source } : loaded;
    },
  });
}
