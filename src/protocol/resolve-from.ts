/** Resolves a module as `import` does in a file of a directory. */

import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** @returns its URL. @throws Error as import does: ERR_MODULE_NOT_FOUND, ERR_PACKAGE_PATH_NOT_EXPORTED */
export function resolveFrom(directory: string, specifier: string): string {
  // import.meta.resolve() resolves relative to this file; the hook sets that directory instead.
  const parentURL = pathToFileURL(join(directory, "noop.js")).href;
  const hooks = registerHooks({ resolve: (specifier, context, next) => next(specifier, { ...context, parentURL }) });
  try {
    return import.meta.resolve(specifier);
  } finally {
    hooks.deregister();
  }
}
