/** Installs packages that have a package.json of their own, so that `npm ci` of the project stays small. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Runs `npm ci` in the folder, unless it has installed the same package-lock.json before. Install scripts of packages do
 * not run.
 * @throws Error if npm fails
 */
export function install(folder: string): void {
  const marker = join(folder, "node_modules/.installed");
  const lock = createHash("sha256")
    .update(readFileSync(join(folder, "package-lock.json")))
    .digest("hex");
  if (existsSync(marker) && readFileSync(marker, "utf8") === lock) return;
  // Standard output is the caller's.
  execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit"], { cwd: folder, stdio: ["ignore", 2, 2] });
  writeFileSync(marker, lock);
}
