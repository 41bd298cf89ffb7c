/** A bot's program, as far as its text shows that. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** Any form of an export that could be an application. */
const EXPORT = /\bexport\s+default\b|\bas\s+default\b|\bexports\b|\bexport\b[^;]*\bapplication\b/;

/** True for a file that exports no application: it is a program, or nothing that can be served. */
export function exportsNothing(application: string, directory: string): boolean {
  if (!/\.[cm]?[jt]s$/.test(application)) return false;
  try {
    return !EXPORT.test(readFileSync(resolve(directory, application), "utf8"));
  } catch {
    // The worker says what is wrong with it.
    return false;
  }
}
