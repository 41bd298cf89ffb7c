/**
 * Measures bots with the packages that people use for heavy work: sharp, onnxruntime and Stockfish in WebAssembly.
 *
 *   npm run bench:heavy                                        everything: 3 workloads, 2 loads, 6 servers, 5 rounds
 *   npm run bench:heavy -- image --loads 150                   one workload at one load
 *   npm run bench:heavy -- --peers asgigram-offload,grammy-runner-piscina    the two that the marks compare
 *   npm run bench:heavy -- --rounds 1 --seconds 10 --warm-up 3               a trial
 *   npm run bench:heavy -- image --loads 80 --small            on one processor and with 400 MB (as root, on Linux)
 *   npm run bench:heavy -- --json heavy.json                   every single time, for report.ts; default heavy.json
 *
 * The packages have a package.json of their own, in workloads/. They are installed when they are missing. A load is a
 * share of the jobs a second that two Piscina threads do without a pause, measured before each round (capacity.ts).
 * Messages arrive at random times (Poisson); each round has a seed of its own, the same for every server. The servers
 * take turns within a round. The times of all rounds are pooled.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { install } from "../../scripts/install.ts";
import { failedRun, measure } from "../measure.ts";
import type { Peer } from "../peers.ts";
import { originNow, versionsOf } from "../results.ts";
import type { Cell, HeavyResults, HeavyRun } from "./cells.ts";
import { withDiskProbe } from "./disk-probe.ts";
import { generate } from "./generated.ts";
import { CAPACITY_SECONDS, capacityOf, heavyLoad, type Setup, settingsOf } from "./heavy-load.ts";
import { OFFLOAD, PEERS } from "./peers.ts";
import { report } from "./report.ts";
import { SmallMachine } from "./small-machine.ts";
import { WORKLOADS } from "./work.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: "string", default: PEERS.map(({ name }) => name).join() },
    loads: { type: "string", default: "80,150" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "60" },
    "warm-up": { type: "string", default: "10" },
    light: { type: "string", default: "20" },
    small: { type: "boolean", default: false },
    json: { type: "string", default: "heavy.json" },
  },
});

/** Memory of the small machine: bytes. */
const SMALL_MEMORY = 400 * 2 ** 20;

const PACKAGES = join(import.meta.dirname, "workloads");
/** Seconds that a server takes to start and to end, about. */
const START_AND_END = 4;

const seconds = Number(flags.seconds);
const warmUp = Number(flags["warm-up"]);
const light = Number(flags.light);
const loads = flags.loads.split(",").map(Number);
const machine = flags.small ? new SmallMachine(SMALL_MEMORY) : undefined;
const prefix = machine?.prefix ?? [];
const peers = chosen(
  flags.peers.split(","),
  PEERS.map(({ name }) => name),
  "server",
);
const workloads = positionals.length === 0 ? WORKLOADS : chosen(positionals, WORKLOADS, "workload");

install(PACKAGES);
await generate();
const results: HeavyResults = {
  ...originNow({
    ...versionsOf(peers.flatMap((name) => peerOf(name).packages)),
    ...versionsOf(["sharp", "onnxruntime-node", "stockfish"], pathToFileURL(join(PACKAGES, "package.json")).href),
  }),
  ...{ seconds, warmUp, light, isSmall: flags.small },
  workloads: workloads.map((name) => ({ name, capacities: [], cells: cellsOf() })),
};
console.error(`about ${Math.ceil(secondsOfAll() / 60)} minutes`);
for (let round = 1; round <= Number(flags.rounds); round++) {
  for (const { name, capacities, cells } of results.workloads) {
    const setup = { workload: name, threads: machine === undefined ? 2 : 1 };
    const capacity = capacityOf(setup, prefix);
    console.error(`${name}: ${capacity.toFixed(1)} jobs a second`);
    capacities.push(capacity);
    for (const cell of inTurn(cells, round)) {
      console.error(`round ${round}, ${name} at ${cell.load} %: ${cell.peer}`);
      cell.runs.push(await attempt(setup, capacity, cell, round));
    }
  }
  // Written after each round: an interrupted bench keeps its results.
  writeFileSync(flags.json, JSON.stringify(results));
}
console.log(report(results));
if (machine !== undefined) console.log(`\nKilled for want of memory: ${machine.killed}`);
if (hasFaultOfOurs(results)) process.exitCode = 1;

function chosen<Name extends string>(given: readonly string[], known: readonly Name[], what: string): Name[] {
  const unknown = given.find((name) => !(known as readonly string[]).includes(name));
  if (unknown === undefined) return given as Name[];
  console.error(`no ${what} "${unknown}"; there are ${known.join(", ")}`);
  process.exit(2);
}

function peerOf(name: string): Peer {
  return PEERS.find((peer) => peer.name === name)!;
}

function cellsOf(): Cell[] {
  return loads.flatMap((load) => peers.map((peer) => ({ load, peer, runs: [] })));
}

/** At more than 100 %, jobs are left when the last message has arrived. */
function secondsOfAll(): number {
  const secondsOf = (load: number) => START_AND_END + warmUp + seconds * Math.max(1, load / 100);
  const cells = cellsOf().reduce((sum, { load }) => sum + secondsOf(load), 0);
  return Number(flags.rounds) * workloads.length * (CAPACITY_SECONDS + cells);
}

/** Another cell begins each round, so that none always follows the same other. */
function inTurn(cells: readonly Cell[], round: number): Cell[] {
  const first = (round - 1) % cells.length;
  return [...cells.slice(first), ...cells.slice(0, first)];
}

/** A server that fails does not end the bench. */
async function attempt(setup: Setup, capacity: number, { peer, load }: Cell, seed: number): Promise<HeavyRun> {
  try {
    const task = {
      peer: peerOf(peer),
      workers: 0,
      load: heavyLoad({ capacity, percent: load, light, seconds, warmUp, seed }),
      env: settingsOf(setup),
      prefix,
    };
    const { result, flushes } = await withDiskProbe(() => measure(task));
    return { ...result, flushes };
  } catch (error) {
    console.error(error);
    return failedRun(error as Error);
  }
}

function hasFaultOfOurs({ workloads }: HeavyResults): boolean {
  const cells = workloads.flatMap((workload) => workload.cells).filter(({ peer }) => peer === OFFLOAD.name);
  return cells.some(({ runs }) => runs.some(({ faults }) => faults !== undefined));
}
