/** Makes a file the main module of its thread: programs start their bot `if (require.main === module)`, or by `process.argv[1]`. */

import Module from "node:module";
import { fileURLToPath } from "node:url";

type Extension = (module: NodeJS.Module, path: string) => unknown;

/** Call it before the file is imported. @param url of the file */
export function becomeMain(url: string): void {
  if (!url.startsWith("file:")) return;
  const main = fileURLToPath(url);
  process.argv[1] = main;
  // What an import() loads as CommonJS is no main module; require.main is what the process has when the module is compiled.
  const extensions = (Module as unknown as { _extensions: Record<string, Extension> })._extensions;
  for (const [extension, load] of Object.entries(extensions)) {
    extensions[extension] = (module, path) => {
      if (path === main) {
        Object.assign(extensions, { [extension]: load });
        Object.assign(process, { mainModule: module });
      }
      return load(module, path);
    };
  }
}
