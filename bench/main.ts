/**
 * Measures asgigram and its peers on the same work.
 *
 *   npm run bench                                    everything
 *   npm run bench -- echo mix                        some scenarios (scenarios.ts)
 *   npm run bench:programs                           grammY's and Telegraf's bots, alone and under asgigram
 *   npm run bench -- echo --peers asgigram,telegraf  some rows
 *   npm run bench -- echo --runs 3                   runs of each row; the rows take turns
 *   npm run bench -- echo --scale 0.1                a tenth of each load, for a trial
 *   npm run bench -- mix --workers 4                 worker threads; default one per core
 *   npm run bench -- --json results.json             every single run, for report.ts and plots.ts
 *   npm run bench -- echo --profile                  the functions in which asgigram spends its time
 *
 * A run with an update lost, answered twice or out of order does not count. If it is a run of asgigram, the bench
 * fails.
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
    // Written after each scenario: an interrupted bench keeps its results.
    if (flags.json !== undefined) writeFileSync(flags.json, JSON.stringify(results, undefined, 1));
  }
  console.log(report(results));
  if (hasFaultOfOurs(results)) process.exitCode = 1;
}

function chosen(): readonly Scenario[] {
  const names = SCENARIOS.map(({ name }) => name);
  const rows = SCENARIOS.flatMap(({ entries }) => entries.map(({ name }) => name));
  requireKnown(positionals, names, "scenario");
  requireKnown(wanted ?? [], rows, "row");
  return positionals.length === 0 ? SCENARIOS : SCENARIOS.filter(({ name }) => positionals.includes(name));
}

function requireKnown(given: readonly string[], known: readonly string[], what: string): void {
  const unknown = given.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  console.error(`no ${what} "${unknown}"; there are ${[...new Set(known)].join(", ")}`);
  process.exit(2);
}

/** Runs each row once, then all again, so that other work on the machine affects all rows alike. */
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

/** A server that fails does not end the bench. */
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

/** Runs asgigram once and reports the CPU profile of each thread in the last phase. */
async function profile({ name, entries, heavyMs }: Scenario): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "asgigram-profile-"));
  const { peer, load } = entries.find(({ name, peer }) => isOurs(peer) && (wanted?.includes(name) ?? true))!;
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
  return `## ${name}: profiles in ${folder}\n\n${profileReport(threads, updates)}`;
}

function hasFaultOfOurs({ scenarios }: Results): boolean {
  const ours = scenarios.flatMap(({ entries }) => entries.filter(({ isOurs }) => isOurs));
  return ours.some(({ runs }) => runs.some(({ faults }) => faults !== undefined));
}
