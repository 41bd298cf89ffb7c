/** The results of a bench, with every run: the JSON file, and the source of tables, marks and plots. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { cpus, release, totalmem } from "node:os";
import type { Run } from "./measure.ts";
import { type Figure, SCENARIOS, type Scenario } from "./scenarios.ts";
import { median } from "./statistics.ts";

/** The circumstances of a measurement. */
export interface Origin {
  readonly date: string;
  readonly commit: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGB: number;
    readonly kernel: string;
  };
  readonly versions: Readonly<Record<string, string>>;
}

export interface Results extends Origin {
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
  const packages = SCENARIOS.flatMap(({ entries }) => entries.flatMap(({ peer }) => peer.packages));
  return { ...originNow(versionsOf(packages)), scale, workers, scenarios: [] };
}

/** @param versions of the packages that were measured */
export function originNow(versions: Readonly<Record<string, string>>): Origin {
  return {
    date: new Date().toISOString(),
    commit: execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" }).trim(),
    machine: {
      cpu: cpus()[0]!.model,
      cores: cpus().length,
      memoryGB: Math.round(totalmem() / 1e9),
      kernel: release(),
    },
    versions: { node: process.versions.node, ...versions },
  };
}

/** @param from the module that imports the packages */
export function versionsOf(packages: readonly string[], from = import.meta.url): Record<string, string> {
  const version = (name: string) => JSON.parse(readFileSync(findPackageJSON(name, from)!, "utf8")).version;
  return Object.fromEntries([...new Set(packages)].map((name) => [name, version(name)]));
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
