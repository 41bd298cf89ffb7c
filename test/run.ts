/**
 * Runs the tests: all of them, or those of some folders and files of test/.
 *
 *   npm test
 *   npm test dispatch end-to-end/echo
 */

import { globSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, extname, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { LIMIT } from "./eventually.ts";
import { PostgresServer } from "./postgres/postgres-server.ts";
import { SHARED } from "./postgres/shared-server.ts";
import { shareProcesses } from "./shared-processes.ts";

const ROOT = join(import.meta.dirname, "..");

/** `.ts`, or `.js` where the tests are compiled (test/oldest.ts). */
const EXTENSION = extname(import.meta.filename);
const TEST = `.test${EXTENSION}`;

/** With no sign of life for so long, in ms, the run is given up: a test is in a loop that no limit of time can end. */
const SILENCE = 4 * LIMIT;

// Half of a short test's time is the start of Node.js with this repository's TypeScript. Entries go by the content of files.
process.env.NODE_COMPILE_CACHE ??= join(ROOT, "node_modules/.cache/compiled");

const chosen = filesOf(process.argv.slice(2));
// One database for all files that need one.
const database = chosen.some((file) => readFileSync(file, "utf8").includes("shared-server"))
  ? await PostgresServer.start()
  : undefined;
if (database !== undefined) process.env[SHARED] = database.address();
const files = shareProcesses(chosen, import.meta.dirname, join(ROOT, "node_modules/.cache/tests"));
const running = new Set<string>();
const ending = new AbortController();
const watch = setTimeout(() => {
  console.error(`nothing has ended for ${SILENCE / 1000} s in ${[...running].join(", ")}`);
  fail();
  ending.abort();
}, SILENCE);
/** Skipped tests, with their reasons. */
const skipped: string[] = [];

const tests = run({
  cwd: ROOT,
  files,
  // More than the cores of a small machine: a third of the time is spent waiting.
  concurrency: Math.max(3, availableParallelism()),
  // Longer than a helper waits, which can say what it saw.
  timeout: LIMIT + 30_000,
  execArgv: ["--import", import.meta.resolve(`./leftovers${EXTENSION}`)],
  signal: ending.signal,
});
for (const end of ["SIGINT", "SIGTERM"] as const) {
  process.once(end, () => {
    fail();
    ending.abort();
  });
}
tests.on("test:enqueue", ({ name, file }) => name === file && running.add(file));
tests.on("test:summary", ({ file }) => file !== undefined && running.delete(file));
tests.on("test:complete", () => watch.refresh());
tests.on("test:fail", fail);
tests.on("test:pass", ({ name, skip }) => {
  if (skip === undefined) return;
  const hasReason = typeof skip === "string" && skip !== "";
  skipped.push(`${name}: ${hasReason ? skip : "NO REASON IS GIVEN"}`);
  if (!hasReason) fail();
});
tests.on("end", () => {
  clearTimeout(watch);
  void database?.[Symbol.asyncDispose]();
  if (skipped.length > 0) console.log(`\nskipped:\n${skipped.map((line) => `  ${line}`).join("\n")}`);
});
tests.compose(spec).pipe(process.stdout);

function fail(): void {
  process.exitCode = 1;
}

/** The test files of these folders and files of test/, without names all of them. A name without any is an error. */
function filesOf(names: readonly string[]): string[] {
  // Packages of their own (test/runners, for example) may be installed below test/, and have tests, too.
  const exclude = (path: string) => basename(path) === "node_modules";
  const found = (patterns: string[]) => globSync(patterns, { cwd: import.meta.dirname, exclude });
  const named = (name: string) => found([`${name}/**/*${TEST}`, `${name}${TEST}`]);
  const empty = names.filter((name) => named(name).length === 0);
  if (empty.length === 0) {
    const all = names.length === 0 ? found([`**/*${TEST}`]) : names.flatMap(named);
    return [...new Set(all)].sort().map((file) => join(import.meta.dirname, file));
  }
  console.error(
    `no tests in ${empty.join(", ")}: name folders and files of test/, as in: npm test dispatch end-to-end/echo`,
  );
  process.exit(2);
}
