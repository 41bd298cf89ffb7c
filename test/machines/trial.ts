/** A trial of machines that share a database: load, faults one after the other, and the verdict. */

import { mkdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../faults/random.ts";
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
  /** Folder that keeps the files of the machines. */
  readonly keep?: string | undefined;
}

/**
 * Sets the exit code to 1 if a promise was broken.
 * @param telling names of the faults that are tried by default
 * @param start starts the database
 */
export async function runTrial<D extends SharedDatabase>(
  options: TrialOptions,
  random: Random,
  faults: Faults<D>,
  telling: readonly string[],
  start: () => Promise<D>,
): Promise<void> {
  const chosen = choose(options, random, Object.keys(faults), telling);
  using folder = new Folder();
  const files = options.keep ?? folder.path;
  mkdirSync(files, { recursive: true });
  const cluster = await Cluster.start(files, 3, await start());
  try {
    await cluster.settled();
    cluster.send();
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
    console.log(`${name}: no quick chat waited for longer than ${cluster.longestWait(from, to).toFixed(1)} s`);
  }
}
