/**
 * Reports the application's files: every file that it imports or requires, at any time, also if that file is missing.
 * Installed packages (node_modules) are left out.
 */

import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/** @param report is called once for each file, with its absolute path */
export function watchImports(report: (file: string) => void): void {
  const reported = new Set<string>();
  const note = (url: string): void => {
    if (reported.has(url) || !url.startsWith("file:") || url.includes("/node_modules/")) return;
    reported.add(url);
    report(fileURLToPath(url));
  };
  registerHooks({
    resolve(specifier, context, next) {
      try {
        const resolved = next(specifier, context);
        note(resolved.url);
        return resolved;
      } catch (error) {
        const isPath = /^\.{0,2}\/|^file:/.test(specifier);
        if (isPath && URL.canParse(specifier, context.parentURL)) note(new URL(specifier, context.parentURL).href);
        throw error;
      }
    },
  });
}
