/** What every generator does with its text: writes it, or, with `--check`, fails where it is not what the file says. */

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * @param path from the top of the project
 * @param summary what was generated, in a few words
 */
export function writeOrCheck(path: string, text: string, summary: string): void {
  const target = fileURLToPath(new URL(`../${path}`, import.meta.url));
  const formatted = /\.(?:ts|json)$/.test(path) ? format(path, text) : text;
  if (!process.argv.includes("--check")) {
    writeFileSync(target, formatted);
    console.log(`${path}: ${summary}`);
  } else if (readFileSync(target, "utf8") !== formatted) {
    console.error(`${path} is not up to date: run \`npm run generate\`.`);
    process.exitCode = 1;
  }
}

function format(path: string, text: string): string {
  return execFileSync("npx", ["biome", "format", `--stdin-file-path=${path}`], { input: text, encoding: "utf8" });
}
