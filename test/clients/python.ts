/** A Python with the libraries of requirements.txt, in a folder of its own that later runs find again. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const REQUIREMENTS = join(import.meta.dirname, "requirements.txt");
const CACHE = join(import.meta.dirname, "../../node_modules/.cache");

/** @returns the path of the executable */
export function python(): string {
  const version = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex").slice(0, 12);
  const folder = join(CACHE, `python-${version}`);
  const executable = join(folder, "bin/python");
  if (!existsSync(join(folder, "complete"))) {
    execFileSync("python3", ["-m", "venv", "--clear", folder]);
    const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", REQUIREMENTS];
    execFileSync(executable, args, { stdio: "inherit" });
    writeFileSync(join(folder, "complete"), "");
  }
  return executable;
}
