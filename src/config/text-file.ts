/** Reads a file that an option names; a failure is a ConfigError. */

import { closeSync, fstatSync, readFile as readOpenFile } from "node:fs";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
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

/**
 * The number in `/dev/fd/3`: the file that the parent process opened for this one. Standard streams do not count: Node.js keeps them
 * open.
 */
export function descriptorOf(path: string): number | undefined {
  const [, digits] = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path) ?? [];
  return digits === undefined || Number(digits) <= 2 ? undefined : Number(digits);
}

/**
 * Reads a file once: one that `descriptorOf()` finds is closed, so that no other code of this process can read it.
 * @throws ConfigError as readText() does
 */
export async function readTextOnce(path: string, source: string): Promise<string> {
  const descriptor = descriptorOf(path);
  if (descriptor === undefined) return readText(path, source);
  try {
    const stats = fstatSync(descriptor);
    // Node.js has descriptors of its own, which must stay open.
    if (!stats.isFile() && !stats.isFIFO() && !stats.isSocket())
      throw Object.assign(new Error("no file"), { code: "EBADF" });
    const text = await promisify(readOpenFile)(descriptor, "utf8");
    closeSync(descriptor);
    return text;
  } catch (error) {
    throw new ConfigError(`${source} is ${path}, which ${readProblem(error as NodeJS.ErrnoException)}`);
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
    case "EBADF":
      return "is not open: start asgigram with 3< and the file";
  }
  return `cannot be read (${code})`;
}
