/**
 * What asgigram costs, beside its peers on the same work, in one go.
 *
 *   npm run bench                                    everything
 *   npm run bench -- echo mix                        some scenarios (scenarios.ts)
 *   npm run bench -- echo --peers asgigram,telegraf  some rows
 *   npm run bench -- echo --runs 3                   so often each; the rows take turns
 *   npm run bench -- echo --scale 0.1                a tenth of each load, to try things out
 *   npm run bench -- --json results.json             every single run, for report.ts and plots.ts
 *   npm run bench -- echo --profile                  where asgigram spends its time
 *
 * A run in which an update is lost, answered twice or out of order is no result. If it is asgigram's, the bench fails.
 */

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { roundsFor, timeOf } from "./calibrate.ts";
import { scaled } from "./load.ts";
import { failedRun, measure, type Run } from "./measure.ts";
import { report } from "./report.ts";
import { emptyResults, type Results, type ScenarioResults } from "./results.ts";
import { type Entry, SCENARIOS, type Scenario } from "./scenarios.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: "string" },
    runs: { type: "string" },
    scale: { type: "string", default: "1" },
    json: { type: "string" },
    profile: { type: "boolean", default: false },
  },
});

const scale = Number(flags.scale);
const wanted = flags.peers?.split(",");
const results = emptyResults(scale);
for (const scenario of chosen()) results.scenarios.push(await run(scenario));
console.log(report(results));
if (flags.json !== undefined) writeFileSync(flags.json, JSON.stringify(results, undefined, 1));
if (isAnyOfOursFaulty(results)) process.exitCode = 1;

function chosen(): readonly Scenario[] {
  const unknown = positionals.find((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown === undefined) {
    return positionals.length === 0 ? SCENARIOS : SCENARIOS.filter(({ name }) => positionals.includes(name));
  }
  console.error(`no scenario "${unknown}"; there are ${SCENARIOS.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}

/** Each in turn, and again: what the machine does meanwhile falls on all of them alike. */
async function run(scenario: Scenario): Promise<ScenarioResults> {
  const entries = scenario.entries.filter(({ name }) => wanted?.includes(name) ?? true);
  const results = entries.map(({ name }) => ({ name, runs: [] as Run[] }));
  const rounds = scenario.heavyMs === undefined ? undefined : roundsFor(scenario.heavyMs);
  for (let i = 1; i <= Number(flags.runs ?? scenario.runs); i++) {
    const heavy = rounds === undefined ? undefined : { rounds, ms: timeOf(rounds) };
    for (const [row, entry] of entries.entries()) {
      console.error(`${scenario.name}, run ${i}: ${entry.name}`);
      results[row]!.runs.push(await attempt(entry, scenario, heavy));
    }
  }
  return { name: scenario.name, entries: results };
}

/** A server that fails is no reason for the others not to be measured. */
async function attempt(
  { peer, load }: Entry,
  { settle }: Scenario,
  heavy: { rounds: number; ms: number } | undefined,
): Promise<Run> {
  try {
    return await measure({ peer, load: scaled(load, scale), ...(heavy && { heavy }), ...(settle && { settle }) });
  } catch (error) {
    console.error(error);
    return failedRun(error as Error);
  }
}

function isAnyOfOursFaulty({ scenarios }: Results): boolean {
  return scenarios.some(({ name, entries }) => {
    const ours = SCENARIOS.find((scenario) => scenario.name === name)!.entries.filter(({ peer }) =>
      peer.packages.includes("asgigram"),
    );
    return entries.some(
      ({ name, runs }) => ours.some((entry) => entry.name === name) && runs.some(({ faults }) => faults !== undefined),
    );
  });
}
