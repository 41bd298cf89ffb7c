/**
 * The test of many machines: three servers, a database and a Telegram, under load, with faults. What they did is judged from files that
 * outlive kill -9 (judge.ts).
 *
 *   npm run test:machines                             the most telling faults once, in about two minutes
 *   npm run test:machines -- --faults kill,deploy     these faults
 *   npm run test:machines -- --random 20 --seed 7     so many random ones
 *   npm run test:machines -- --pooler                 through PgBouncer in transaction mode (apt-get install pgbouncer)
 *   npm run test:machines -- --keep folder            keeps the files of the machines
 */

import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Random } from "../faults/random.ts";
import type { Cluster } from "./cluster.ts";
import { RATE } from "./load.ts";
import { MACHINE_FAULTS, pick } from "./machine-faults.ts";
import { SingleDatabase } from "./single-database.ts";
import { type Faults, OPTIONS, runTrial } from "./trial.ts";

const FAULTS: Faults<SingleDatabase> = {
  ...MACHINE_FAULTS,
  cut: (cluster, random) => cutOff(cluster, random, false),
  "cut-poller": (cluster, random) => cutOff(cluster, random, true),
  "cut-answers": async ({ database }) => {
    database.cutAnswers(0.03);
    await delay(6000);
    database.cutAnswers(0);
    console.log(`  ${database.cuts} connections were cut before their answers`);
  },
  "restart-database": async ({ database: { server } }) => {
    await server.stop();
    await delay(1000);
    await server.run();
  },
  "pause-database": async ({ database: { server } }) => {
    server.signal("SIGSTOP");
    await delay(6000);
    server.signal("SIGCONT");
  },
};

/** A machine's network to the database swallows all bytes, for twice as long as a lease lives. */
async function cutOff(cluster: Cluster<SingleDatabase>, random: Random, polls: boolean): Promise<void> {
  const machine = await pick(cluster, random, polls);
  const network = cluster.database.networks.get(machine.name)!;
  cluster.noteCut(machine);
  network.isDown = true;
  await delay(8000);
  // What was swallowed is missing.
  network.cut();
  network.isDown = false;
}

/** Faults that are tried by default: the rest are part of these, or take more than a minute. */
const REST = ["none", "pause", "cut", "leave", "cut-telegram"];
const TELLING = Object.keys(FAULTS).filter((name) => !REST.includes(name));

const { values } = parseArgs({ options: { ...OPTIONS, pooler: { type: "boolean", default: false } } });
const start = (random: Random) => SingleDatabase.start(random, values.pooler);
await runTrial({ faults: FAULTS, telling: TELLING, rate: RATE, start }, values);
