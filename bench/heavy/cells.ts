/** The results: for each workload, load and server its runs, and the figures of all its runs together. */

import type { Run } from "../measure.ts";
import type { Origin } from "../results.ts";
import { type Summary, summarize } from "../statistics.ts";
import type { Samples } from "../stub.ts";
import type { Workload } from "./work.ts";

export interface HeavyResults extends Origin {
  /** Seconds of a run, after those of the warm-up. */
  readonly seconds: number;
  readonly warmUp: number;
  /** Light messages a second. */
  readonly light: number;
  /** The servers had one processor and little memory. */
  readonly isSmall?: boolean;
  readonly workloads: WorkloadResults[];
}

export interface WorkloadResults {
  readonly name: Workload;
  /** Jobs a second of two Piscina threads that never wait (capacity.ts), before each round: a machine is not always as fast. */
  readonly capacities: number[];
  readonly cells: Cell[];
}

export interface Cell {
  /** Per cent of the capacity. */
  readonly load: number;
  readonly peer: string;
  readonly runs: HeavyRun[];
}

export interface HeavyRun extends Run {
  /** Times of flushes of another file meanwhile: ms. */
  readonly flushes?: readonly number[];
}

export interface Figures {
  readonly light: Summary;
  readonly heavy: Summary;
  readonly pollGaps: Summary;
  readonly flushes: Summary;
  readonly heavyPerSecond: number;
  /** Resident memory: bytes. */
  readonly peak: number;
  readonly lost: number;
  readonly outOfOrder: number;
  /** Each run that does not count, with its reason. */
  readonly faults: readonly string[];
}

/** A run is a warm-up and a measured phase. */
const MEASURED = 1;

/** Pools the times of all runs. */
export function figuresOf(runs: readonly HeavyRun[]): Figures {
  const phases = runs.flatMap(({ phases }) => phases[MEASURED] ?? []);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const pooled = (of: keyof Samples) => summarize(phases.flatMap(({ samples }) => samples?.[of] ?? []));
  const heavy = pooled("heavy");
  return {
    light: pooled("light"),
    heavy,
    pollGaps: pooled("pollGaps"),
    flushes: summarize(runs.flatMap(({ flushes = [] }) => flushes)),
    heavyPerSecond: heavy.count / sum(phases.map(({ seconds }) => seconds)),
    peak: Math.max(...phases.map(({ memory }) => memory.peak)),
    lost: sum(runs.flatMap(({ phases }) => phases.at(-1)?.verdict.lost ?? [])),
    outOfOrder: sum(runs.flatMap(({ phases }) => phases.at(-1)?.verdict.outOfOrder ?? [])),
    faults: runs.flatMap(({ faults }) => faults ?? []),
  };
}
