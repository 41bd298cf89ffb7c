import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import { pathToFileURL } from "node:url";
import { type Mutant, mutated } from "./mutant.ts";
import { REPLACEMENT, type Replacement } from "./preload.ts";

/** Tests of a trial: those of a mutant. */
export type TrialTests = Pick<Mutant, "tests" | "only">;

export interface Trial {
  /**
   * `failed`: a test failed, so the mutant is killed. `passed`: it survives. `broken`: a test file failed without one of its tests,
   * which says nothing.
   */
  readonly outcome: "failed" | "passed" | "broken" | "timed out";
  /** The test that failed, or the test file that is broken. */
  readonly by?: string;
  /** Number of tests that passed. */
  readonly passed: number;
  readonly seconds: number;
}

const PRELOAD = new URL("./preload.ts", import.meta.url).href;

/**
 * Runs tests until the first one fails.
 * @param root the folder with test/
 * @param limit seconds
 * @param mutant the fault; without, the code is as it is
 */
export async function trial(root: string, { tests, only }: TrialTests, limit: number, mutant?: Mutant): Promise<Trial> {
  const began = performance.now();
  const stop = new AbortController();
  const late = setTimeout(() => end({ outcome: "timed out" }), limit * 1000);
  let first: Pick<Trial, "outcome" | "by"> | undefined;
  let passed = 0;
  const end = (how: Pick<Trial, "outcome" | "by">) => {
    first ??= how;
    stop.abort();
  };
  const events = run({
    cwd: root,
    files: tests.map((name) => join(root, "test", `${name}.test.ts`)),
    concurrency: 1,
    signal: stop.signal,
    env: { ...process.env, ...(mutant === undefined ? {} : environment(root, mutant)) },
    ...(only === undefined ? {} : { testNamePatterns: [only] }),
  });
  events.on("test:pass", ({ details: { type } }) => {
    if (type !== "suite") passed += 1;
  });
  events.on("test:fail", ({ name, file }) => end({ outcome: name === file ? "broken" : "failed", by: name }));
  for await (const _ of events);
  clearTimeout(late);
  return { ...(first ?? { outcome: "passed" }), passed, seconds: (performance.now() - began) / 1000 };
}

/** NODE_OPTIONS reaches worker threads and child processes, too. */
function environment(root: string, mutant: Mutant): Record<string, string> {
  const path = join(root, mutant.file);
  const source = mutated(mutant, readFileSync(path, "utf8"));
  const replacement: Replacement = { url: pathToFileURL(path).href, source };
  const { NODE_OPTIONS = "" } = process.env;
  return { NODE_OPTIONS: `${NODE_OPTIONS} --import=${PRELOAD}`, [REPLACEMENT]: JSON.stringify(replacement) };
}
