/**
 * Results as Markdown tables.
 *
 *   node bench/report.ts results.json
 */

import { readFileSync } from "node:fs";
import { type Judgement, judge } from "./marks.ts";
import {
  type EntryResults,
  type Measured,
  measured,
  type Origin,
  type Results,
  type ScenarioResults,
  scenarioOf,
} from "./results.ts";
import type { Figure } from "./scenarios.ts";

export function report(results: Results): string {
  const sections = sectionsOf(results).map(({ name, text }) => `## ${name}\n\n${text}`);
  return [headOf(results), ...sections].join("\n\n");
}

/** The report of one scenario. */
export interface Section {
  readonly name: string;
  readonly text: string;
}

export function sectionsOf(results: Results): Section[] {
  const judgements = judge(results);
  return results.scenarios.map((scenario) => {
    const { name } = scenario;
    const own = judgements.filter(({ mark }) => mark.scenario === name);
    const parts = [scenarioOf(name).about, tableOf(scenario), marksOf(own)];
    return { name, text: parts.filter(Boolean).join("\n\n") };
  });
}

/** The date, the machine and the versions of the results. */
export function headOf({ scale, workers, ...origin }: Results): string {
  const isSmall = scale === 1 ? [] : [`A trial: loads are scaled by ${scale}.`];
  return [originOf(origin), `${workers} worker threads. The median of the runs (lowest–highest).`, ...isSmall].join(
    "\n",
  );
}

export function originOf({ date, commit, machine, versions }: Origin): string {
  const { cpu, cores, memoryGB, kernel } = machine;
  const packages = Object.entries(versions).map((entry) => entry.join(" "));
  return [
    `${date}, commit ${commit}, on ${cores} cores of ${cpu}, ${memoryGB} GB, Linux ${kernel}`,
    packages.join(", "),
  ].join("\n");
}

function tableOf({ name, entries }: ScenarioResults): string {
  const { figures } = scenarioOf(name);
  return table([
    ["", ...figures.map((figure) => figure.name)],
    ...entries.map((entry) => [nameOf(entry), ...figures.map((figure) => cell(figure, measured(figure, entry)))]),
  ]);
}

/** The name of a row, with the first fault of runs that do not count. */
function nameOf({ name, runs }: EntryResults): string {
  const faults = runs.flatMap((run) => run.faults ?? []);
  if (faults.length === 0) return name;
  const count = faults.length === runs.length ? "" : `${faults.length} of ${runs.length} runs: `;
  return `${name}: ${count}no result: ${faults[0]!.split("\n")[0]}`;
}

function cell({ digits }: Figure, value: Measured | undefined): string {
  if (value === undefined || Number.isNaN(value.median)) return "-";
  const format = (number: number) => formatNumber(number, digits);
  if (value.least === value.most) return format(value.median);
  return `${format(value.median)} (${format(value.least)}–${format(value.most)})`;
}

export function formatNumber(value: number, digits: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function marksOf(judgements: readonly Judgement[]): string {
  return judgements.map((judgement) => `- ${sentence(judgement)}`).join("\n");
}

function sentence({ mark, value, isMet }: Judgement): string {
  const { entry, figure, comparedTo, atLeast, atMost, isDifference } = mark;
  const unit = comparedTo === undefined ? "" : isDifference ? ` above ${comparedTo}` : ` x ${comparedTo}`;
  const bound = atLeast === undefined ? `at most ${atMost}${unit}` : `at least ${atLeast}${unit}`;
  const verdict = isMet === undefined ? "nothing to compare" : isMet ? "met" : "MISSED";
  return `${verdict}: ${entry}, ${figure}, ${bound}${value === undefined ? "" : `: ${formatNumber(value, 2)}`}`;
}

/** A Markdown table with right-aligned columns of figures. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const pad = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!);
  const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  const [header, ...body] = rows.map((row) => row.map(pad));
  return [header!, rule, ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

if (import.meta.main) console.log(report(JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Results));
