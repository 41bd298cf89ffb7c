/**
 * Results as pictures, for pages light or dark: nothing is drawn behind them, and every colour can be told from white and from
 * black.
 *
 *   node bench/plots.ts results.json docs/performance/
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { formatNumber } from "./report.ts";
import { type EntryResults, measured, type Results, type ScenarioResults, scenarioOf, valuesOf } from "./results.ts";
import type { Figure } from "./scenarios.ts";

export interface Plot {
  readonly name: string;
  readonly scenario: string;
  readonly title: string;
  readonly figure: string;
  /** Where the least and the most are too far apart for lengths to tell. */
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

const INK = "#737c86";
const OURS = "#2f81f7";
const OTHERS = "#8c959f";

/** One row for each entry: the median as a bar, the single runs as strokes, and the median in figures behind them. */
export function specOf({ title, isLogarithmic }: Plot, figure: Figure, results: ScenarioResults): TopLevelSpec {
  const names = results.entries.map(({ name }) => name);
  const rows = results.entries.map((entry) => rowOf(figure, entry));
  const strokes = results.entries.flatMap((entry) =>
    valuesOf(figure, entry).map((value) => ({ name: entry.name, isOurs: entry.isOurs, value })),
  );
  const end = Math.max(...rows.map(({ most }) => most)) * 1.15;
  const scale = isLogarithmic ? { type: "log" as const, domain: [1, end * 2] } : { domain: [0, end] };
  const y = { field: "name", type: "nominal" as const, scale: { domain: names }, title: null };
  const x = { field: "value", type: "quantitative" as const, scale, title: null };
  const color = { condition: { test: "datum.isOurs", value: OURS }, value: OTHERS };
  return {
    title: { text: title, anchor: "start" },
    width: 520,
    height: { step: 26 },
    background: "transparent",
    layer: [
      {
        data: { values: rows },
        mark: { type: "bar", height: 16, cornerRadiusEnd: 2, opacity: 0.55 },
        encoding: { y, x, x2: { datum: isLogarithmic ? 1 : 0 }, color },
      },
      {
        data: { values: strokes },
        mark: { type: "tick", orient: "vertical", height: 16, thickness: 1.5, opacity: 1 },
        encoding: { y, x, color },
      },
      {
        data: { values: rows },
        mark: { type: "text", align: "left", dx: 8, color: INK, fontSize: 12, fontWeight: "bold" },
        encoding: { y, x: { ...x, field: "most" }, text: { field: "text", type: "nominal" } },
      },
    ],
    config: {
      font: "system-ui, sans-serif",
      view: { stroke: null },
      title: { color: INK, fontSize: 15 },
      axis: {
        labelColor: INK,
        labelFontSize: 13,
        labelLimit: 320,
        domainColor: INK,
        tickColor: INK,
        gridColor: INK,
        gridOpacity: 0.2,
      },
    },
  };
}

interface Row {
  readonly name: string;
  readonly isOurs: boolean;
  readonly value: number;
  readonly most: number;
  readonly text: string;
}

function rowOf(figure: Figure, entry: EntryResults): Row {
  const { name, isOurs } = entry;
  const { median, most } = measured(figure, entry) ?? { median: 0, most: 0 };
  const text = most === 0 ? "no result" : formatNumber(median, figure.digits);
  return { name, isOurs, value: median, most, text };
}

export interface Picture {
  readonly plot: Plot;
  readonly svg: string;
}

/** The pictures of what there are results of. */
export async function draw(results: Results): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const plot of PLOTS) {
    const scenario = results.scenarios.find(({ name }) => name === plot.scenario);
    if (scenario === undefined) continue;
    const figure = scenarioOf(plot.scenario).figures.find(({ name }) => name === plot.figure)!;
    const { spec } = compile(specOf(plot, figure, scenario));
    pictures.push({ plot, svg: await new View(parse(spec)).toSVG() });
  }
  return pictures;
}

if (import.meta.main) {
  const [results, folder] = process.argv.slice(2);
  const pictures = await draw(JSON.parse(readFileSync(results!, "utf8")) as Results);
  mkdirSync(folder!, { recursive: true });
  for (const { plot, svg } of pictures) writeFileSync(join(folder!, `${plot.name}.svg`), svg);
}
