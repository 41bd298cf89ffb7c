/**
 * Tells which files the application is made of: every one that it imports or requires, at whatever time, and those that it
 * tries to and that are not there. What is installed (node_modules) is no part of it.
 */

import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

export function watchImports(tell: (file: string) => void): void {
  const told = new Set<string>();
  const note = (url: string): void => {
    if (told.has(url) || !url.startsWith("file:") || url.includes("/node_modules/")) return;
    told.add(url);
    tell(fileURLToPath(url));
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
