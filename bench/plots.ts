/**
 * Results as bar charts in SVG.
 *
 *   node bench/plots.ts results.json docs/performance/
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bar, type BarChart, barChart } from "./bar-chart.ts";
import { formatNumber } from "./report.ts";
import { type EntryResults, measured, type Results, type ScenarioResults, scenarioOf, valuesOf } from "./results.ts";
import type { Figure } from "./scenarios.ts";

export interface Plot {
  readonly name: string;
  readonly scenario: string;
  readonly title: string;
  readonly figure: string;
  /** For values too far apart for lengths to tell. */
  readonly isLogarithmic?: boolean;
}

export const PLOTS: readonly Plot[] = [
  { name: "echo-throughput", scenario: "echo", figure: "updates/s", title: "Echo: updates per second" },
  { name: "echo-cpu", scenario: "echo", figure: "CPU us/update", title: "Echo: microseconds of CPU per update" },
  { name: "echo-memory", scenario: "echo", figure: "peak MB", title: "Echo: peak memory in megabytes" },
  { name: "steady-throughput", scenario: "steady", figure: "updates/s", title: "Echo, warmed up: updates per second" },
  { name: "latency", scenario: "latency", figure: "updates/s", title: "Calls that take 20 ms: updates per second" },
  {
    name: "mix",
    scenario: "mix",
    figure: "light p99 ms",
    title: "Light messages among heavy ones: 99th percentile in milliseconds",
    isLogarithmic: true,
  },
  { name: "heavy", scenario: "heavy", figure: "x one thread", title: "Heavy messages: how many threads' worth" },
  { name: "hot", scenario: "hot", figure: "updates/s", title: "One chat: updates per second" },
  { name: "growth", scenario: "growth", figure: "CPU us/update", title: "CPU per update as messages and chats grow" },
  { name: "memory", scenario: "memory", figure: "KB/instance", title: "Kilobytes per live instance" },
];

/** A bar for each entry: the median as its length, the runs as strokes. */
function chartOf({ title, isLogarithmic = false }: Plot, figure: Figure, { entries }: ScenarioResults): BarChart {
  return { title, isLogarithmic, bars: entries.map((entry) => barOf(figure, entry)) };
}

function barOf(figure: Figure, entry: EntryResults): Bar {
  const { name, isOurs } = entry;
  const median = measured(figure, entry)?.median;
  const label = median === undefined ? "no result" : formatNumber(median, figure.digits);
  return { name, isHighlighted: isOurs, value: median ?? 0, strokes: valuesOf(figure, entry), label };
}

export interface Picture {
  readonly plot: Plot;
  readonly svg: string;
}

/** Draws the plots of the measured scenarios. */
export function draw(results: Results): Picture[] {
  return PLOTS.flatMap((plot) => {
    const scenario = results.scenarios.find(({ name }) => name === plot.scenario);
    if (scenario === undefined) return [];
    const figure = scenarioOf(plot.scenario).figures.find(({ name }) => name === plot.figure)!;
    return [{ plot, svg: barChart(chartOf(plot, figure, scenario)) }];
  });
}

if (import.meta.main) {
  const [results, folder] = process.argv.slice(2);
  mkdirSync(folder!, { recursive: true });
  for (const { plot, svg } of draw(JSON.parse(readFileSync(results!, "utf8")) as Results)) {
    writeFileSync(join(folder!, `${plot.name}.svg`), svg);
  }
}
