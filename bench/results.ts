/** The results of a bench, with every run: the JSON file, and the source of tables, marks and plots. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { cpus, release, totalmem } from "node:os";
import type { Run } from "./measure.ts";
import { type Entry, type Figure, SCENARIOS, type Scenario } from "./scenarios.ts";
import { median } from "./statistics.ts";

export interface Results {
  readonly date: string;
  readonly commit: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGB: number;
    readonly kernel: string;
  };
  readonly versions: Readonly<Record<string, string>>;
  /** The factor of all loads; 1 for a real measurement. */
  readonly scale: number;
  /** Worker threads, for servers that have them. */
  readonly workers: number;
  readonly scenarios: ScenarioResults[];
}

export interface ScenarioResults {
  readonly name: string;
  readonly entries: EntryResults[];
}

export interface EntryResults {
  readonly name: string;
  /** A variant of asgigram. */
  readonly isOurs: boolean;
  readonly runs: Run[];
}

export function emptyResults(scale: number, workers: number): Results {
  return {
    date: new Date().toISOString(),
    commit: execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" }).trim(),
    machine: {
      cpu: cpus()[0]!.model,
      cores: cpus().length,
      memoryGB: Math.round(totalmem() / 1e9),
      kernel: release(),
    },
    versions: versions(SCENARIOS.flatMap(({ entries }) => entries)),
    scale,
    workers,
    scenarios: [],
  };
}

function versions(entries: readonly Entry[]): Record<string, string> {
  const packages = new Set(entries.flatMap(({ peer }) => peer.packages));
  const version = (name: string) => JSON.parse(readFileSync(findPackageJSON(name, import.meta.url)!, "utf8")).version;
  return { node: process.versions.node, ...Object.fromEntries([...packages].map((name) => [name, version(name)])) };
}

/** A figure over the valid runs of an entry. */
export interface Measured {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function measured(figure: Figure, entry: EntryResults): Measured | undefined {
  const values = valuesOf(figure, entry);
  if (values.length === 0) return undefined;
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/** The figure of each valid run. */
export function valuesOf(figure: Figure, { runs }: EntryResults): number[] {
  return runs.filter(({ faults }) => faults === undefined).map((run) => figure.of(run));
}

export function scenarioOf(name: string): Scenario {
  return SCENARIOS.find((scenario) => scenario.name === name)!;
}
