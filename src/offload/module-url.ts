/** Finds the file of a module that the application names. */

import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { getCallSites } from "node:util";
import { ApplicationLoadError } from "../protocol/errors.ts";

/** Files of this folder, in the package that is running: `file:///…/offload/`. */
const HERE = new URL(".", import.meta.url).href;

/** URL of the file that called the function of this folder which calls this. */
export function callingFile(): string {
  const files = getCallSites({ sourceMap: false }).map(({ scriptName }) => urlOf(scriptName));
  return files.find((file) => file !== "" && !file.startsWith(HERE)) ?? pathToFileURL("noop.js").href;
}

/**
 * @param from URL of the file to which a path is relative
 * @throws TypeError for what is neither a file URL nor a path; ApplicationLoadError if there is no such file
 */
export function moduleUrl(module: URL | string, from: string): string {
  const url = fileUrl(module, from);
  const candidates = [url, url.replace(/\.([cm]?)ts$/, ".$1js")];
  const found = candidates.find((candidate) => existsSync(fileURLToPath(candidate)));
  if (found === undefined) throw new ApplicationLoadError(`no such file to offload: ${fileURLToPath(url)}`);
  return found;
}

function fileUrl(module: URL | string, from: string): string {
  const text = String(module);
  const isPath = typeof module === "string" && (/^\.{1,2}\//.test(text) || isAbsolute(text));
  if (isPath) return isAbsolute(text) ? pathToFileURL(text).href : new URL(text, from).href;
  if (text.startsWith("file:") && URL.canParse(text)) return new URL(text).href;
  throw new TypeError(
    `"${text}" names no file: pass new URL("./render.ts", import.meta.url), or a path that begins with ./ and is relative to this file`,
  );
}

/** CommonJS has paths where ES modules have URLs. */
function urlOf(scriptName: string): string {
  if (scriptName.startsWith("file:")) return scriptName;
  return isAbsolute(scriptName) ? pathToFileURL(scriptName).href : "";
}
