/**
 * One bot of grammY in three ways: by its `bot.start()`, by its runner with Piscina, and unchanged under asgigram with offload(). The heavy
 * work is a photo by sharp.
 *
 *   npm run bench:grammy                                     three rounds of crashes (crashes.ts), three of 60 s of answers to /ping
 *   npm run bench:grammy -- --rounds 1 --seconds 10          a trial
 *
 * Photos come at 80 % of what two threads of Piscina do without a pause, measured once, at the start; beside the answers to /ping at random
 * times, with 20 light messages a second of other chats. The times of all rounds are pooled.
 */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { install } from "../../scripts/install.ts";
import { figuresOf, type HeavyRun } from "../heavy/cells.ts";
import { generate } from "../heavy/generated.ts";
import { capacityOf, heavyLoad, settingsOf } from "../heavy/heavy-load.ts";
import { PISCINA, PROGRAM, START } from "../heavy/peers.ts";
import { measure } from "../measure.ts";
import type { Peer } from "../peers.ts";
import { formatNumber, originOf, table } from "../report.ts";
import { originNow, versionsOf } from "../results.ts";
import type { Summary } from "../statistics.ts";
import { type Counts, crashes, MESSAGES, WAYS } from "./crashes.ts";

const { values: flags } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, seconds: { type: "string", default: "60" } },
});
const rounds = Array.from({ length: Number(flags.rounds) }, (_, i) => i);
const seconds = Number(flags.seconds);

const BOTS: readonly Peer[] = [START, PISCINA, PROGRAM];
const SETUP = { workload: "image", threads: 2 } as const;
/** Per cent of the capacity. */
const LOAD = 80;
/** Light messages a second. */
const LIGHT = 20;
/** Seconds. */
const WARM_UP = 10;
const PACKAGES = join(import.meta.dirname, "../heavy/workloads");

install(PACKAGES);
await generate();
const capacity = capacityOf(SETUP);
const rate = (capacity * LOAD) / 100;
const env = settingsOf(SETUP);
const counts = new Map(BOTS.map((peer) => [peer, new Map(WAYS.map((way) => [way, nothing()]))]));
const runs = new Map<Peer, HeavyRun[]>(BOTS.map((peer) => [peer, []]));
for (const round of rounds) for (const peer of BOTS) await attempt(peer, round);
console.log(report());

/** The bots take turns within a round. */
async function attempt(peer: Peer, round: number): Promise<void> {
  console.error(`round ${round + 1}: ${peer.name}`);
  for (const way of WAYS) {
    const sum = counts.get(peer)!.get(way)!;
    const { lost, twice, restarts } = await crashes({ peer, way, rate, moment: round / rounds.length, env });
    sum.lost += lost;
    sum.twice += twice;
    sum.restarts += restarts;
  }
  const load = heavyLoad({ capacity, percent: LOAD, light: LIGHT, seconds, warmUp: WARM_UP, seed: round + 1 });
  runs.get(peer)!.push(await measure({ peer, workers: 0, load, env }));
}

function report(): string {
  const packages = BOTS.flatMap((peer) => peer.packages);
  const sharp = versionsOf(["sharp"], pathToFileURL(join(PACKAGES, "package.json")).href);
  const head = [
    "",
    ...WAYS.flatMap((way) => ["lost", "twice", "restarts"].map((count) => `${way}: ${count}`)),
    "/ping p50 / p99",
    "photo p50 / p99",
  ];
  return [
    originOf(originNow({ ...versionsOf(packages), ...sharp })),
    `${rounds.length} rounds: ${MESSAGES} photos for each crash, summed up; ${seconds} s of answers after ${WARM_UP} s of warm-up, pooled, in ms.`,
    `Photos: ${formatNumber(rate, 1)} a second, which is ${LOAD} % of what two threads did at the start.`,
    "",
    table([head, ...BOTS.map(rowOf)]),
  ].join("\n");
}

function rowOf(peer: Peer): string[] {
  const { light, heavy, faults } = figuresOf(runs.get(peer)!);
  const both = ({ p50, p99 }: Summary) => `${formatNumber(p50, 1)} / ${formatNumber(p99, 1)}`;
  const found = [...counts.get(peer)!.values()].flatMap((count) => Object.values(count).map(String));
  return [[peer.name, ...faults].join(": "), ...found, both(light), both(heavy)];
}

function nothing(): Counts {
  return { lost: 0, twice: 0, restarts: 0 };
}
