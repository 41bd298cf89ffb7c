/**
 * Test files that share a process: a process for each costs the start of Node.js and the loading of the same modules. Their tests run
 * one after another, as they would alone.
 */

import { hash } from "node:crypto";
import { mkdirSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/**
 * Files that need a process of their own, by their paths without an extension. All others leave nothing behind in theirs: what they
 * change in it they put back.
 */
const APART = new Set([
  // They set the services of their thread.
  "protocol/dead-letter",
  "protocol/delivery",
  "storage/storage",
  // They set the folder of temporary files.
  "telegram/downloads",
  "workers/program/multipart",
  "workers/program/spool",
  // They answer the HTTP requests of their process, from their import to their end.
  "workers/program/fetch",
  "workers/program/http",
  "workers/program/unknown-connections",
  // It needs the thread that flushes an inbox, which others of its folder do without.
  "inbox/flush-thread",
  // Its hooks are for its own tests.
  "inbox/dead-letters",
]);

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
    return APART.has(name.replace(/\.test\.\w+$/, "")) ? "" : dirname(name);
  });
  return [...byFolder].flatMap(([name, members]) => {
    if (name === "") return members;
    const parts = Math.ceil(members.length / MOST);
    return Array.from({ length: parts }, (_, part) => {
      const share = members.filter((_, i) => i % parts === part);
      return share.length === 1 ? share[0]! : importAll(share, cache, `${name.replaceAll(/\W/g, "-")}-${part + 1}`);
    });
  });
}

/** Writes a file that imports these. Its name tells its content: another run may write at the same time. @returns its path */
function importAll(files: readonly string[], cache: string, name: string): string {
  // Node.js resolves imports from where the file really is, and node_modules may be a link.
  const from = realpathSync(cache);
  const code = files.map((file) => `import ${JSON.stringify(relative(from, file).replaceAll(sep, "/"))};\n`).join("");
  const path = join(cache, `${name}-${hash("sha1", code).slice(0, 8)}.mjs`);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, code);
  renameSync(draft, path);
  return path;
}
