/**
 * What asgigram costs, beside its peers on the same work, in one go.
 *
 *   npm run bench                                    everything
 *   npm run bench -- echo mix                        some scenarios (scenarios.ts)
 *   npm run bench -- echo --peers asgigram,telegraf  some rows
 *   npm run bench -- echo --runs 3                   so often each; the rows take turns
 *   npm run bench -- echo --scale 0.1                a tenth of each load, to try things out
 *   npm run bench -- mix --workers 4                 of those who have any; one per core by default
 *   npm run bench -- --json results.json             every single run, for report.ts and plots.ts
 *   npm run bench -- echo --profile                  where asgigram spends its time
 *
 * A run in which an update is lost, answered twice or out of order is no result. If it is asgigram's, the bench fails.
 */

import { mkdtempSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { roundsFor, timeOf } from "./calibrate.ts";
import { scaled } from "./load.ts";
import { failedRun, measure, type Run } from "./measure.ts";
import { isOurs, type Peer } from "./peers.ts";
import { profileReport, profilingFlags, readProfiles } from "./profile.ts";
import { report } from "./report.ts";
import { emptyResults, type Results, type ScenarioResults } from "./results.ts";
import { type Entry, SCENARIOS, type Scenario } from "./scenarios.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: "string" },
    runs: { type: "string" },
    scale: { type: "string", default: "1" },
    workers: { type: "string", default: `${availableParallelism()}` },
    json: { type: "string" },
    profile: { type: "boolean", default: false },
  },
});

const scale = Number(flags.scale);
const workers = Number(flags.workers);
const wanted = flags.peers?.split(",");
if (flags.profile) for (const scenario of chosen()) console.log(await profile(scenario));
else await bench();

async function bench(): Promise<void> {
  const results = emptyResults(scale, workers);
  for (const scenario of chosen()) {
    results.scenarios.push(await run(scenario));
    // What takes hours is not to be lost at the end.
    if (flags.json !== undefined) writeFileSync(flags.json, JSON.stringify(results, undefined, 1));
  }
  console.log(report(results));
  if (isAnyOfOursFaulty(results)) process.exitCode = 1;
}

function chosen(): readonly Scenario[] {
  const names = SCENARIOS.map(({ name }) => name);
  const rows = SCENARIOS.flatMap(({ entries }) => entries.map(({ name }) => name));
  insist(positionals, names, "scenario");
  insist(wanted ?? [], rows, "row");
  return positionals.length === 0 ? SCENARIOS : SCENARIOS.filter(({ name }) => positionals.includes(name));
}

function insist(given: readonly string[], known: readonly string[], what: string): void {
  const unknown = given.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  console.error(`no ${what} "${unknown}"; there are ${[...new Set(known)].join(", ")}`);
  process.exit(2);
}

/** Each in turn, and again: what the machine does meanwhile falls on all of them alike. */
async function run(scenario: Scenario): Promise<ScenarioResults> {
  const entries = scenario.entries.filter(({ name }) => wanted?.includes(name) ?? true);
  const results = entries.map(({ name, peer }) => ({ name, isOurs: isOurs(peer), runs: [] as Run[] }));
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
    return await measure({
      peer,
      workers,
      load: scaled(load, scale),
      ...(heavy && { heavy }),
      ...(settle && { settle }),
    });
  } catch (error) {
    console.error(error);
    return failedRun(error as Error);
  }
}

/** One run of asgigram, and where its threads were at work in its last phase. */
async function profile({ name, entries, heavyMs }: Scenario): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "asgigram-profile-"));
  const { peer, load } = entries.find((entry) => isOurs(entry.peer))!;
  const command: Peer["command"] = (place) => [...profilingFlags(folder), ...peer.command(place)];
  const rounds = heavyMs === undefined ? 0 : roundsFor(heavyMs);
  const { phases } = await measure({
    peer: { ...peer, command },
    workers,
    load: scaled(load, scale),
    heavy: { rounds, ms: heavyMs ?? 0 },
  });
  const { begun, seconds, updates } = phases.at(-1)!;
  const threads = readProfiles(folder, { from: begun, to: begun + seconds * 1000 });
  return `## ${name}: the profiles are in ${folder}\n\n${profileReport(threads, updates)}`;
}

function isAnyOfOursFaulty({ scenarios }: Results): boolean {
  const ours = scenarios.flatMap(({ entries }) => entries.filter(({ isOurs }) => isOurs));
  return ours.some(({ runs }) => runs.some(({ faults }) => faults !== undefined));
}
