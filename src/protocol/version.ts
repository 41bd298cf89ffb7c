/** The version of this package. */

import { createRequire } from "node:module";

export function ownVersion(): string {
  const { version } = createRequire(import.meta.url)("asgigram/package.json") as { version: string };
  return version;
}
