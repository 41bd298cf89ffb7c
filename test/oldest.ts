/**
 * Runs tests under the oldest Node.js that package.json promises: those in end-to-end/ and of the packed package, or those in other
 * folders of test/.
 *
 *   npm run test:oldest
 *   npm run test:oldest threads
 *
 * That version knows no `using`, which tests are full of, so they run compiled, in a copy of the repository. The command that
 * they start runs from its TypeScript, as it stands.
 */

import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { Folder } from "./folder.ts";

const ROOT = join(import.meta.dirname, "..");
const NOT_COPIED = [".git", "dist", "node_modules"];

const { engines } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const oldest = engines.node.replace(">=", "");
const folders = process.argv.slice(2);

using copy = new Folder();
cpSync(ROOT, copy.path, { recursive: true, filter: (path) => !NOT_COPIED.includes(relative(ROOT, path)) });
symlinkSync(join(ROOT, "node_modules"), copy.join("node_modules"));
const config = {
  extends: "./tsconfig.json",
  compilerOptions: {
    noEmit: false,
    allowImportingTsExtensions: false,
    outDir: ".",
    rootDir: ".",
    paths: {},
    noCheck: true,
  },
};
copy.write("tsconfig.oldest.json", JSON.stringify(config));
const oldestNode = ["exec", "--yes", `--package=node@${oldest}`, "--", "node"];
process.exitCode =
  run("tsc", "-p", "tsconfig.oldest.json") ||
  run("npm", ...oldestNode, "--version") ||
  run("npm", ...oldestNode, "test/run.js", ...(folders.length > 0 ? folders : ["end-to-end"])) ||
  (folders.length > 0
    ? 0
    : run("npm", ...oldestNode, "--test", "--test-reporter=spec", "--test-timeout=300000", "test/package/main.js"));

/** Runs a command in the copy. @returns its exit code */
function run(command: string, ...args: readonly string[]): number {
  const { status, error } = spawnSync(command, args, { cwd: copy.path, stdio: "inherit" });
  if (error !== undefined) throw error;
  return status ?? 1;
}
