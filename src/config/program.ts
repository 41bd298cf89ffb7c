/** A bot's program, as far as its import string and its text show that. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** An export of the name `application`, which makes any file an application. */
const EXPORT =
  /^export\s+(?:async\s+)?(?:const|let|var|class|function\*?)\s+application\b|^export\s*\{[^}]*\bapplication\s*[,}]|^(?:module\.)?exports\.application\s*=/m;

/**
 * True if the import string may name a bot's program. Only its start tells for certain. False for an export of the name `application`: the
 * workers of an application need not wait for the first of them.
 */
export function mayBeProgram(importString: string, directory: string): boolean {
  const [, name] = /:([^/\\:]+)$/.exec(importString) ?? [];
  if (name !== undefined) return name !== "application";
  try {
    return !EXPORT.test(readFileSync(resolve(directory, importString), "utf8"));
  } catch {
    // A package, or a dotted name; or the worker says what is wrong with it.
    return true;
  }
}
