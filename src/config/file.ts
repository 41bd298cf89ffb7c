/**
 * The configuration file: JSON, or a module whose default export is the options.
 */

import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError } from "../protocol/errors.ts";
import { quote } from "./quote.ts";
import { readText } from "./text-file.ts";

const MODULE = /^\.[cm]?[jt]s$/;

/**
 * The options in the file, as they stand there.
 * @throws ConfigError
 */
export async function readConfigFile(path: string, source: string): Promise<Record<string, unknown>> {
  // A module is read as well, although its text is not needed: its absence is then told like that of any file.
  const content = await readText(path, source);
  const options = MODULE.test(extname(path)) ? await defaultExportOf(path) : parse(content, path);
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new ConfigError(`${path} must give an object of options, such as {"workers": 2}, not ${quote(options)}`);
  }
  return { ...options };
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
    return JSON.parse(content.replace(/^\uFEFF/, ""));
  } catch (error) {
    // The message of JSON.parse may go on to quote the file, which may hold secrets.
    const reason = (error as Error).message.split(/, (?:\.\.\.)?"/)[0];
    throw new ConfigError(`${path} is not valid JSON: ${reason}`);
  }
}
