/**
 * Test files that share a process: a process for each costs the start of Node.js and the loading of the same modules. Their tests run
 * one after another, as they would alone.
 */

import { hash } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/** Folders of test/ whose files leave nothing behind in their process. */
const SHARED = new Set([
  "bench",
  "cli",
  "cli/check",
  "cli/inbox",
  "config",
  "dispatch",
  "heavy",
  "observe",
  "offload",
  "protocol",
  "sends",
  "simulator",
  "simulator/api",
  "simulator/clients",
  "simulator/http",
  "simulator/state",
  "simulator/terminal",
  "simulator/text",
  "telegram",
  "updates",
  "workers",
  "workers/heavy",
]);

/** Files in those folders that need a process of their own: they set the services of their thread, or the folder of temporary files. */
const APART = new Set(["protocol/dead-letter", "protocol/delivery", "telegram/downloads"]);

/** Most files in a process, so that several processes have work. */
const MOST = 8;

/**
 * @param files test files below `folder`
 * @param cache folder for the files that import several of them
 * @returns what to run: files, and files that import several
 */
export function shareProcesses(files: readonly string[], folder: string, cache: string): string[] {
  mkdirSync(cache, { recursive: true });
  const byFolder = Map.groupBy(files, (file) => {
    const name = relative(folder, file).replaceAll(sep, "/");
    const parent = dirname(name);
    return SHARED.has(parent) && !APART.has(name.replace(/\.test\.\w+$/, "")) ? parent : "";
  });
  return [...byFolder].flatMap(([name, members]) => {
    if (name === "") return members;
    const parts = Math.ceil(members.length / MOST);
    return Array.from({ length: parts }, (_, part) => {
      const share = members.filter((_, i) => i % parts === part);
      return share.length === 1 ? share[0]! : importAll(share, cache, `${name.replaceAll("/", "-")}-${part + 1}`);
    });
  });
}

/** Writes a file that imports these. Its name tells its content: another run may write at the same time. @returns its path */
function importAll(files: readonly string[], cache: string, name: string): string {
  const code = files.map((file) => `import ${JSON.stringify(relative(cache, file).replaceAll(sep, "/"))};\n`).join("");
  const path = join(cache, `${name}-${hash("sha1", code).slice(0, 8)}.mjs`);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, code);
  renameSync(draft, path);
  return path;
}
