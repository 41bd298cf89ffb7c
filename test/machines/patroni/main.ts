/**
 * The test of many machines with a database as companies run it: Patroni with etcd, three nodes, in synchronous mode (patroni.ts). Its
 * nodes fail under load, and nobody helps.
 *
 *   apt-get install patroni etcd-server postgresql
 *   npm run test:patroni                                   each fault once
 *   npm run test:patroni -- --faults cut-primary           these faults
 *   npm run test:patroni -- --random 10 --seed 7           so many random ones, those of machines as well
 *   npm run test:patroni -- --keep folder                  keeps the files of the machines
 */

import { parseArgs } from "node:util";
import { type Cluster, now } from "../cluster.ts";
import { MACHINE_FAULTS, pick } from "../machine-faults.ts";
import { type Faults, OPTIONS, runTrial } from "../trial.ts";
import type { PatroniNode } from "./node.ts";
import { Patroni } from "./patroni.ts";

/** Messages a second: fewer than with one server, so that two processors can make up for half a minute without a primary. */
const RATE = 40;

/** Waits until another node is the primary. */
async function promoted({ database }: Cluster<Patroni>, before: PatroniNode, since: number): Promise<void> {
  const { name } = await database.primary(before);
  console.log(`  ${name} was the primary after ${((now() - since) / 1e6).toFixed(1)} s, instead of ${before.name}`);
}

const DATABASE_FAULTS = {
  "kill-primary": async (cluster) => {
    const { database } = cluster;
    const [since, primary] = [now(), await database.primary()];
    await primary.kill();
    await promoted(cluster, primary, since);
    primary.run();
    await database.healed();
  },
  "kill-postgres": async ({ database }) => {
    const primary = await database.primary();
    await primary.killPostgres();
    await database.healed();
  },
  "kill-patroni": async (cluster) => {
    const { database } = cluster;
    const [since, primary] = [now(), await database.primary()];
    await primary.killPatroni();
    await promoted(cluster, primary, since);
    await cluster.settled();
    primary.run();
    await database.healed();
  },
  "kill-standby": async ({ database }) => {
    const standby = await database.standby();
    await standby.kill();
    const other = await database.standby();
    console.log(`  commits wait for ${other.name} instead of ${standby.name}`);
    standby.run();
    await database.healed();
  },
  "kill-etcd-leader": async (cluster) => {
    const { database } = cluster;
    const start = await database.etcd.killLeader();
    await cluster.settled();
    await start();
    await database.healed();
  },
  "cut-primary": async (cluster) => {
    const { database } = cluster;
    const [since, primary] = [now(), await database.primary()];
    primary.cut();
    await promoted(cluster, primary, since);
    await cluster.settled();
    primary.mend();
    await database.healed();
  },
  "kill-primary-and-machine": async (cluster, random) => {
    const { database } = cluster;
    const [since, primary] = [now(), await database.primary()];
    const machine = await pick(cluster, random);
    cluster.kill(machine);
    await primary.kill();
    await promoted(cluster, primary, since);
    // A standby that had more of the old primary than the new one may not come back by itself, and commits wait for a standby.
    primary.run();
    await cluster.settled();
    console.log(`  the machine's shards have moved after ${(await cluster.timeToMove(machine)).toFixed(1)} s`);
    await cluster.join();
    await database.healed();
  },
} satisfies Faults<Patroni>;

// A signal ends the process by process.exit(), so that PostgreSQL does not outlive it.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const { values } = parseArgs({ options: OPTIONS });
const faults: Faults<Patroni> = { ...MACHINE_FAULTS, ...DATABASE_FAULTS };
await runTrial({ faults, telling: Object.keys(DATABASE_FAULTS), rate: RATE, start: Patroni.start }, values);
