/**
 * The test of many machines: three servers, a database and a Telegram, under load, with faults. What they did is judged from files that
 * outlive kill -9 (judge.ts).
 *
 *   npm run test:machines                             each fault once, in about two minutes
 *   npm run test:machines -- --faults kill,pause      these faults
 *   npm run test:machines -- --random 20 --seed 7     so many random ones
 *   npm run test:machines -- --keep folder            keeps the files of the machines
 */

import { mkdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Random } from "../faults/random.ts";
import { Folder } from "../folder.ts";
import { Cluster } from "./cluster.ts";

const { values } = parseArgs({
  options: {
    faults: { type: "string" },
    random: { type: "string" },
    seed: { type: "string", default: "1" },
    keep: { type: "string" },
  },
});

type Fault = (cluster: Cluster, random: Random) => Promise<void>;

/** A machine that does not poll, or does. */
async function pick(cluster: Cluster, random: Random, polls = false) {
  const poller = await cluster.poller();
  return polls ? poller : random.pick(cluster.living.filter((machine) => machine !== poller));
}

async function kill(cluster: Cluster, random: Random, polls: boolean): Promise<void> {
  const machine = await pick(cluster, random, polls);
  cluster.kill(machine);
  await machine.ended;
  await cluster.settled();
  console.log(`  its shards have moved after ${(await cluster.timeToMove(machine)).toFixed(1)} s`);
  await cluster.join();
}

/** A stop that is longer than a lease lives. */
async function pause(cluster: Cluster, random: Random, polls: boolean): Promise<void> {
  const machine = await pick(cluster, random, polls);
  cluster.pause(machine);
  await delay(7000);
  machine.signal("SIGCONT");
}

const FAULTS: Readonly<Record<string, Fault>> = {
  kill: (cluster, random) => kill(cluster, random, false),
  "kill-poller": (cluster, random) => kill(cluster, random, true),
  pause: (cluster, random) => pause(cluster, random, false),
  "pause-poller": (cluster, random) => pause(cluster, random, true),
  leave: async (cluster, random) => {
    const machine = await pick(cluster, random, random.chance(0.5));
    const joined = cluster.join();
    machine.signal("SIGTERM");
    await machine.ended;
    await joined;
  },
  "restart-database": async ({ database }) => {
    await database.stop();
    await delay(1000);
    await database.run();
  },
  "pause-database": async ({ database }) => {
    database.signal("SIGSTOP");
    await delay(6000);
    database.signal("SIGCONT");
  },
};

const random = new Random(Number(values.seed));
const names = Object.keys(FAULTS);
const chosen =
  values.random === undefined
    ? (values.faults?.split(",") ?? names)
    : Array.from({ length: Number(values.random) }, () => random.pick(names));
for (const name of chosen)
  if (!Object.hasOwn(FAULTS, name)) throw new Error(`no fault ${name}: there are ${names.join(", ")}`);

using folder = new Folder();
const files = values.keep ?? folder.path;
mkdirSync(files, { recursive: true });
const cluster = await Cluster.start(files, 3);
try {
  await cluster.settled();
  cluster.send();
  await delay(2000);
  for (const name of chosen) {
    const began = performance.now();
    await FAULTS[name]!(cluster, random);
    await cluster.settled();
    console.log(`${name}: in order again after ${seconds(performance.now() - began)} s`);
    await delay(2000);
  }
  const { works, doubled, ...faults } = await cluster.verdict();
  console.log(`${works} beginnings, ${doubled} messages handled twice`);
  for (const [name, list] of Object.entries(faults)) {
    console.log(`${name}: ${list.length}${list.length > 0 ? ` (${list.slice(0, 5).join("; ")})` : ""}`);
    if (list.length > 0) process.exitCode = 1;
  }
} finally {
  await cluster.close();
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(1);
}
