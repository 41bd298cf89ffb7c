/**
 * The test of many machines: three servers, a database and a Telegram, under load, with faults. What they did is judged from files that
 * outlive kill -9 (judge.ts).
 *
 *   npm run test:machines                             the most telling faults once, in about two minutes
 *   npm run test:machines -- --faults kill,deploy     these faults
 *   npm run test:machines -- --random 20 --seed 7     so many random ones
 *   npm run test:machines -- --keep folder            keeps the files of the machines
 */

import { mkdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Random } from "../faults/random.ts";
import { Folder } from "../folder.ts";
import { Cluster, now } from "./cluster.ts";

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

/** Time for which a machine is stopped: longer than a lease lives, and a little shorter, since a renewal may be a second old. ms */
const LONG = 7000;
const SHORT = 2800;

async function pause(cluster: Cluster, random: Random, polls: boolean, milliseconds = LONG): Promise<void> {
  const machine = await pick(cluster, random, polls);
  cluster.pause(machine);
  await delay(milliseconds);
  machine.signal("SIGCONT");
}

/** A new version: for each machine another one joins, then it stops. */
async function deploy(cluster: Cluster): Promise<void> {
  for (const machine of [...cluster.living]) {
    await cluster.join();
    await cluster.settled();
    await cluster.stop(machine);
    await cluster.settled();
  }
}

const FAULTS: Readonly<Record<string, Fault>> = {
  kill: (cluster, random) => kill(cluster, random, false),
  "kill-poller": (cluster, random) => kill(cluster, random, true),
  pause: (cluster, random) => pause(cluster, random, false),
  "pause-poller": (cluster, random) => pause(cluster, random, true),
  "pause-short": (cluster, random) => pause(cluster, random, random.chance(0.5), SHORT),
  deploy,
  "cut-answers": async ({ proxy }) => {
    proxy.chance = 0.03;
    await delay(6000);
    proxy.chance = 0;
    console.log(`  ${proxy.cuts} connections were cut before their answers`);
  },
  none: () => delay(5000),
  leave: async (cluster, random) => {
    const machine = await pick(cluster, random, random.chance(0.5));
    const joined = cluster.join();
    await cluster.stop(machine);
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
/** Faults that are tried by default: the rest are part of these. */
const TELLING = names.filter((name) => !["none", "pause", "leave"].includes(name));
const chosen =
  values.random === undefined
    ? (values.faults?.split(",") ?? TELLING)
    : Array.from({ length: Number(values.random) }, () => random.pick(names));
for (const name of chosen)
  if (!Object.hasOwn(FAULTS, name)) throw new Error(`no fault ${name}: there are ${names.join(", ")}`);

using folder = new Folder();
const files = values.keep ?? folder.path;
mkdirSync(files, { recursive: true });
const cluster = await Cluster.start(files, 3, random);
try {
  await cluster.settled();
  cluster.send();
  await delay(2000);
  const spans: { name: string; from: number; to: number }[] = [];
  for (const name of chosen) {
    const from = now();
    await FAULTS[name]!(cluster, random);
    await cluster.settled();
    spans.push({ name, from, to: now() });
    console.log(`${name}: in order again after ${((now() - from) / 1e6).toFixed(1)} s`);
    await delay(2000);
  }
  const { works, doubled, ...faults } = await cluster.verdict();
  console.log(`${works} beginnings, ${doubled} messages handled twice`);
  for (const [name, list] of Object.entries(faults)) {
    console.log(`${name}: ${list.length}${list.length > 0 ? ` (${list.slice(0, 5).join("; ")})` : ""}`);
    if (list.length > 0) process.exitCode = 1;
  }
  for (const { name, from, to } of spans) {
    console.log(`${name}: no quick chat waited for longer than ${cluster.longestWait(from, to).toFixed(1)} s`);
  }
} finally {
  await cluster.close();
}
