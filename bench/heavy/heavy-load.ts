/** The load of a run: light messages at a steady rate, and heavy ones at a share of what the threads can do. */

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Load } from "../load.ts";
import type { Workload } from "./work.ts";

/** The heavy work of a bot, and the threads for it. */
export interface Setup {
  readonly workload: Workload;
  readonly threads: number;
}

export interface Shape {
  /** Heavy jobs that the threads do: a second. */
  readonly capacity: number;
  /** Heavy messages, as a share of the capacity. */
  readonly percent: number;
  /** Light messages a second. */
  readonly light: number;
  readonly seconds: number;
  readonly warmUp: number;
  readonly seed: number;
}

/** Chats of light messages, and as many of heavy ones. */
const CHATS = 1500;
/** Per cent of the capacity, so that no queue is left when the measurement begins. */
const WARM_UP_LOAD = 80;
export const CAPACITY_SECONDS = 15;

/** Two phases: the warm-up, and the one whose times are kept. */
export function heavyLoad({ capacity, percent, light, seconds, warmUp, seed }: Shape): Load {
  const phase = (seconds: number, percent: number) => {
    const heavy = (capacity * percent) / 100;
    const rate = light + heavy;
    const updates = Math.round(rate * seconds);
    return { updates, rate, chats: CHATS, heavyChats: CHATS, heavyEvery: rate / heavy };
  };
  const phases = [phase(warmUp, WARM_UP_LOAD), { ...phase(seconds, percent), keepsSamples: true }];
  return { phases, seed, byName: true };
}

/**
 * Measures the jobs that the threads of a Piscina do (capacity.ts).
 * @param prefix begin of the command, before Node.js
 * @returns jobs a second
 */
export function capacityOf(setup: Setup, prefix: readonly string[] = []): number {
  const capacity = join(import.meta.dirname, "capacity.ts");
  const env = { PATH: process.env.PATH, ...settingsOf(setup) };
  const [program, ...args] = [...prefix, process.execPath, capacity, `${CAPACITY_SECONDS}`];
  const printed = execFileSync(program!, args, { encoding: "utf8", env });
  return Number(printed.trim().split("\n").at(-1));
}

/** Read by bots/settings.ts. */
export function settingsOf({ workload, threads }: Setup): NodeJS.ProcessEnv {
  return { BENCH_WORKLOAD: workload, BENCH_THREADS: `${threads}` };
}
