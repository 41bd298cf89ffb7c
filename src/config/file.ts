/** The configuration file: JSON with optional comments and trailing commas, or a module whose default export is the options. */

import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";
import { ConfigError } from "../protocol/errors.ts";
import { quote } from "./quote.ts";
import { readText } from "./text-file.ts";

const MODULE = /^\.[cm]?[jt]s$/;

/**
 * Reads the options as they are written in the file. `$schema` is for editors and is left out.
 * @throws ConfigError
 */
export async function readConfigFile(path: string, source: string): Promise<Record<string, unknown>> {
  // A module is read as well, although its text is not needed: a missing file then has the same message.
  const content = await readText(path, source);
  const options = MODULE.test(extname(path)) ? await defaultExportOf(path) : parseJson(content, path);
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new ConfigError(`${path} must contain an object of options, such as {"workers": 2}, not ${quote(options)}`);
  }
  const { $schema: _, ...rest } = options as Record<string, unknown>;
  return rest;
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

/** The message names the place and does not quote the text, which may be a secret. */
function parseJson(content: string, path: string): unknown {
  const text = content.replace(/^\uFEFF/, "");
  const errors: ParseError[] = [];
  const options = parse(text, errors, { allowTrailingComma: true });
  if (errors[0] === undefined) return options;
  const { error, offset } = errors[0];
  throw new ConfigError(`${path} is not valid JSON: ${wordsOf(error)} in ${placeAt(offset, text)}`);
}

/** `CommaExpected` -> `comma expected` */
function wordsOf(code: ParseError["error"]): string {
  return printParseErrorCode(code)
    .replaceAll(/\B[A-Z]/g, " $&")
    .toLowerCase();
}

function placeAt(offset: number, text: string): string {
  const lines = text.slice(0, offset).split(/\r\n|[\n\r]/);
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
}
