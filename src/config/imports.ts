/** The modules of --import: every thread with the application's code imports them first. */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ConfigError } from "../protocol/errors.ts";
import { resolveFrom } from "../protocol/resolve-from.ts";

/** @returns their URLs. @throws ConfigError for one that is not there */
export function findImports(imports: readonly string[], directory: string): string[] {
  return imports.map((specifier) => {
    try {
      const url = resolveFrom(directory, specifier);
      if (!url.startsWith("file:") || existsSync(fileURLToPath(url))) return url;
    } catch {
      // The message is the same.
    }
    throw new ConfigError(`--import ${specifier}: no such file or package in ${directory}`);
  });
}
