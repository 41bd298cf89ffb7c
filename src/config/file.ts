/**
 * The configuration file: JSON, or a module whose default export is the options.
 */

import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError } from "../protocol/errors.ts";
import { quote } from "./quote.ts";
import { whyUnreadable } from "./token.ts";

const MODULE = /^\.[cm]?[jt]s$/;

/**
 * The options in the file, as they stand there.
 * @throws ConfigError
 */
export async function readConfigFile(path: string, source: string): Promise<Record<string, unknown>> {
  const content = await contentOf(path, source);
  const options = MODULE.test(extname(path)) ? await defaultExportOf(path) : parse(content, path);
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new ConfigError(`${path} must give an object of options, such as {"workers": 2}, not ${quote(options)}`);
  }
  return { ...options };
}

/** A module is read as well, although the text is not needed: its absence is then told like that of any file. */
async function contentOf(path: string, source: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new ConfigError(`${source} is ${path}, which ${whyUnreadable(cause)}`, { cause });
  }
}

async function defaultExportOf(path: string): Promise<unknown> {
  const module = await load(path);
  if (module.default === undefined) {
    throw new ConfigError(`${path} has no default export: write export default { workers: 2 }`);
  }
  return module.default;
}

async function load(path: string): Promise<{ default?: unknown }> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (cause) {
    throw new ConfigError(`${path} could not be imported: ${cause instanceof Error ? cause.message : quote(cause)}`, {
      cause,
    });
  }
}

function parse(content: string, path: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    // The message of JSON.parse quotes the file, which may hold secrets: only the place is taken from it.
    const place = /\(line \d+ column \d+\)/.exec((error as Error).message)?.[0];
    throw new ConfigError(`${path} is not valid JSON${place === undefined ? "" : ` ${place}`}`);
  }
}
