/** Reads a file that an option names; a failure is a ConfigError. */

import { readFile } from "node:fs/promises";
import { ConfigError } from "../protocol/errors.ts";
import { withoutSecrets } from "./quote.ts";

/**
 * @param source the option that names the file
 * @throws ConfigError without a cause: that would show the path as it is, and the path may be a token in the wrong place
 */
export async function readText(path: string, source: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new ConfigError(`${source} is ${withoutSecrets(path)}, which ${readProblem(error as NodeJS.ErrnoException)}`);
  }
}

function readProblem({ code }: NodeJS.ErrnoException): string {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return "does not exist: check the path";
    case "EISDIR":
      return "is a folder: name a file";
    case "EACCES":
    case "EPERM":
      return "this user may not read: check its permissions";
  }
  return `cannot be read (${code})`;
}
