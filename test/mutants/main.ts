/**
 * Breaks the code in known ways, one at a time. A test must notice each.
 *
 *   npm run test:mutants
 *   npm run test:mutants -- --core     the 17 that an earlier version of the tests missed
 *   npm run test:mutants -- X1 X2
 *
 * The faults are a list (mutants.ts). Stryker would try thousands of small changes, and none of them drops an `await`, a call or an
 * order, which most faults of this list do; it has no runner for node:test either.
 */

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Mutant, mutated } from "./mutant.ts";
import { CORE, MUTANTS } from "./mutants.ts";
import { type Trial, type TrialTests, trial } from "./trial.ts";

const ROOT = join(import.meta.dirname, "../..");
/** Seconds for the tests of the code as it is. */
const LIMIT = 120;
const AT_ONCE = Math.min(4, availableParallelism());

// Entries go by the content of files.
process.env.NODE_COMPILE_CACHE ??= join(ROOT, "node_modules/.cache/compiled");

const began = performance.now();
const mutants = chosen();
checkTexts();
const times = await checkTests();
const survivors = await tryMutants();
const seconds = Math.round((performance.now() - began) / 1000);
const not = survivors.length === 0 ? "" : `, ${survivors.length} NOT: ${survivors.join(" ")}`;
console.log(`\n${mutants.length - survivors.length} of ${mutants.length} mutants killed${not}; ${seconds} s`);
process.exitCode = survivors.length === 0 ? 0 : 1;

function chosen(): readonly Mutant[] {
  const { values, positionals } = parseArgs({ options: { core: { type: "boolean" } }, allowPositionals: true });
  const all = values.core ? CORE : MUTANTS;
  const unknown = positionals.filter((id) => !all.some((mutant) => mutant.id === id));
  if (unknown.length > 0) fail(`no mutants ${unknown.join(", ")}; there are ${all.map(({ id }) => id).join(" ")}`);
  return positionals.length === 0 ? all : all.filter(({ id }) => positionals.includes(id));
}

function checkTexts(): void {
  try {
    for (const mutant of mutants) mutated(mutant, readFileSync(join(ROOT, mutant.file), "utf8"));
  } catch (error) {
    fail((error as Error).message);
  }
}

/** Runs the tests of the mutants with the code as it is. @returns the seconds that each needs, by keyOf() */
async function checkTests(): Promise<ReadonlyMap<string, number>> {
  const trials = new Map(mutants.map((mutant) => [keyOf(mutant), mutant]));
  const times = new Map<string, number>();
  await atOnce([...trials], async ([key, tests]) => {
    const { outcome, by, passed, seconds } = await trial(ROOT, tests, LIMIT);
    if (outcome !== "passed") fail(`without a mutant, ${key} ${outcome}${by === undefined ? "" : `: ${by}`}`);
    if (passed === 0) fail(`${key}: there is no such test`);
    times.set(key, seconds);
  });
  return times;
}

/** @returns the ids of those that no test noticed */
async function tryMutants(): Promise<string[]> {
  const survivors: string[] = [];
  await atOnce(mutants, async (mutant) => {
    // A fault may make tests slower, and other processes may come.
    const limit = 30 + 4 * times.get(keyOf(mutant))!;
    const result = await trial(ROOT, mutant, limit, mutant);
    if (result.outcome !== "failed") survivors.push(mutant.id);
    console.log(lineOf(mutant, result));
  });
  return survivors;
}

function lineOf({ id, breaks }: Mutant, { outcome, by, seconds }: Trial): string {
  const verdict = { failed: "killed", passed: "SURVIVED", broken: "BROKEN", "timed out": "TIMED OUT" }[outcome];
  const test = by === undefined ? "" : `\n                  ${by}`;
  return `${verdict.padEnd(9)} ${id.padEnd(4)} ${breaks} (${seconds.toFixed(1)} s)${test}`;
}

function keyOf({ tests, only }: TrialTests): string {
  return tests.join(" ") + (only === undefined ? "" : ` ${only}`);
}

async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (const item of left) await work(item);
  });
  await Promise.all(workers);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
