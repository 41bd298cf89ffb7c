/** A trial of machines that share a database: load, faults one after the other, and the verdict. */

import { mkdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Random } from "../faults/random.ts";
import { Folder } from "../folder.ts";
import { Cluster, now, type SharedDatabase } from "./cluster.ts";

export type Fault<D extends SharedDatabase> = (cluster: Cluster<D>, random: Random) => Promise<void>;
export type Faults<D extends SharedDatabase> = Readonly<Record<string, Fault<D>>>;

/** Options of the command line that every trial has. */
export const OPTIONS = {
  faults: { type: "string" },
  random: { type: "string" },
  seed: { type: "string", default: "1" },
  keep: { type: "string" },
} as const;

export interface TrialOptions {
  /** Names of faults. */
  readonly faults?: string | undefined;
  /** So many random faults instead. */
  readonly random?: string | undefined;
  readonly seed: string;
  /** Folder that keeps the files of the machines. */
  readonly keep?: string | undefined;
}

export interface Trial<D extends SharedDatabase> {
  readonly faults: Faults<D>;
  /** Names of faults that are tried by default. */
  readonly telling: readonly string[];
  /** Messages a second. */
  readonly rate: number;
  /** Starts the database. */
  start(random: Random): Promise<D>;
}

/** Sets the exit code to 1 if a promise was broken. */
export async function runTrial<D extends SharedDatabase>(
  { faults, telling, rate, start }: Trial<D>,
  options: TrialOptions,
): Promise<void> {
  const random = new Random(Number(options.seed));
  const chosen = choose(options, random, Object.keys(faults), telling);
  using folder = new Folder();
  const files = options.keep ?? folder.path;
  mkdirSync(files, { recursive: true });
  const cluster = await Cluster.start(files, 3, await start(random));
  try {
    await cluster.settled();
    cluster.send(rate);
    await delay(2000);
    const spans: Span[] = [];
    for (const name of chosen) {
      const from = now();
      await faults[name]!(cluster, random);
      await cluster.settled();
      spans.push({ name, from, to: now() });
      console.log(`${name}: in order again after ${((now() - from) / 1e6).toFixed(1)} s`);
      // A wait is that of one fault.
      await cluster.caughtUp();
      await delay(2000);
    }
    await tell(cluster, spans);
  } finally {
    await cluster.close();
  }
}

interface Span {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

function choose(
  { faults, random: count }: TrialOptions,
  random: Random,
  names: readonly string[],
  telling: readonly string[],
): readonly string[] {
  if (count !== undefined) return Array.from({ length: Number(count) }, () => random.pick(names));
  const chosen = faults?.split(",") ?? telling;
  for (const name of chosen)
    if (!names.includes(name)) throw new Error(`no fault ${name}: there are ${names.join(", ")}`);
  return chosen;
}

async function tell(cluster: Cluster, spans: readonly Span[]): Promise<void> {
  const { works, doubled, ...broken } = await cluster.verdict();
  console.log(`${works} beginnings, ${doubled} messages handled twice`);
  for (const [name, list] of Object.entries(broken)) {
    console.log(`${name}: ${list.length}${list.length > 0 ? ` (${list.slice(0, 5).join("; ")})` : ""}`);
    if (list.length > 0) process.exitCode = 1;
  }
  for (const { name, from, to } of spans) {
    const [silence, wait] = [cluster.longestSilence(from, to), cluster.longestWait(from, to)];
    console.log(
      `${name}: nothing began for ${silence.toFixed(1)} s, no quick chat waited for longer than ${wait.toFixed(1)} s`,
    );
  }
}
