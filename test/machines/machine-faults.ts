/** Faults of machines, with any database. */

import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../eventually.ts";
import type { Random } from "../faults/random.ts";
import { type Cluster, now, type SharedDatabase } from "./cluster.ts";
import type { Machine } from "./machine.ts";
import type { Faults } from "./trial.ts";

/** Time for which a machine is stopped: longer than a lease lives, and a little shorter, since a renewal may be a second old. ms */
const LONG = 7000;
const SHORT = 2800;

export const MACHINE_FAULTS = {
  kill: (cluster, random) => kill(cluster, random, false),
  "kill-poller": (cluster, random) => kill(cluster, random, true),
  pause: (cluster, random) => pause(cluster, random, false),
  "pause-poller": (cluster, random) => pause(cluster, random, true),
  "pause-short": (cluster, random) => pause(cluster, random, random.chance(0.5), SHORT),
  "cut-telegram": cutTelegram,
  deploy,
  none: () => delay(5000),
  leave: async (cluster, random) => {
    const machine = await pick(cluster, random, random.chance(0.5));
    const joined = cluster.join();
    await cluster.stop(machine);
    await joined;
  },
} satisfies Faults<SharedDatabase>;

/** A machine that does not poll, or does. */
export async function pick(cluster: Cluster, random: Random, polls = false): Promise<Machine> {
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

async function pause(cluster: Cluster, random: Random, polls: boolean, milliseconds = LONG): Promise<void> {
  const machine = await pick(cluster, random, polls);
  cluster.pause(machine);
  await delay(milliseconds);
  machine.signal("SIGCONT");
}

/** The machine that polls does not reach Telegram, until another one polls. */
async function cutTelegram(cluster: Cluster): Promise<void> {
  const [since, machine] = [now(), await cluster.poller()];
  const network = cluster.telegrams.get(machine.name)!;
  network.isDown = true;
  await eventually(
    async () => (await cluster.poller()) !== machine,
    () => machine.log.slice(-2000),
  );
  console.log(`  another machine polled after ${((now() - since) / 1e6).toFixed(1)} s`);
  network.cut();
  network.isDown = false;
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
