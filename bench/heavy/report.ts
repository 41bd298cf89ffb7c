/**
 * Results as Markdown: a table of each workload and load, then the marks.
 *
 *   node bench/heavy/report.ts heavy.json
 */

import { readFileSync } from "node:fs";
import { formatNumber, originOf, table } from "../report.ts";
import type { Summary } from "../statistics.ts";
import { type Cell, figuresOf, type HeavyResults, type WorkloadResults } from "./cells.ts";
import { judge } from "./marks.ts";

export function report(results: HeavyResults): string {
  return [headOf(results), ...results.workloads.map(sectionOf), marksOf(results)].join("\n\n");
}

function headOf({ seconds, warmUp, light, isSmall, workloads, ...origin }: HeavyResults): string {
  const rounds = Math.max(0, ...workloads.flatMap(({ cells }) => cells.map(({ runs }) => runs.length)));
  return `${originOf(origin)}\n${rounds} rounds of ${seconds} s after ${warmUp} s of warm-up, pooled; ${light} light messages a second. Times in ms.\nDisk: the time of a flush of another file, measured beside the server.${isSmall ? "\nThe servers have one processor and 400 MB." : ""}`;
}

/** The tables of one workload. */
export function sectionOf({ name, capacities, cells }: WorkloadResults): string {
  const loads = [...new Set(cells.map(({ load }) => load))];
  const tables = loads.map((load) => {
    const rows = cells.filter((cell) => cell.load === load).map(rowOf);
    return `At ${load} %:\n\n${table([COLUMNS, ...rows])}`;
  });
  const [least, most] = [Math.min(...capacities), Math.max(...capacities)].map((jobs) => formatNumber(jobs, 1));
  const whole =
    least === most ? `100 % are ${least} jobs a second.` : `100 % were ${least} to ${most} jobs a second, by rounds.`;
  return [`### ${name}`, whole, ...tables].join("\n\n");
}

const COLUMNS = [
  ...[
    "",
    "light p50 / p99",
    "heavy p50 / p99",
    "heavy/s",
    "poll gap p99 / max",
    "disk p99 / max",
    "peak MB",
    "lost",
    "out of order",
  ],
];

function rowOf({ peer, runs }: Cell): string[] {
  const { light, heavy, pollGaps, flushes, heavyPerSecond, peak, lost, outOfOrder } = figuresOf(runs);
  const both = ({ p50, p99 }: Summary) => `${formatNumber(p50, 1)} / ${formatNumber(p99, 1)}`;
  const high = ({ p99, max }: Summary) => `${formatNumber(p99, 1)} / ${formatNumber(max, 1)}`;
  return [
    ...[peer, both(light), both(heavy), formatNumber(heavyPerSecond, 2)],
    ...[high(pollGaps), high(flushes)],
    ...[formatNumber(peak / 1e6, 0), `${lost}`, `${outOfOrder}`],
  ];
}

export function marksOf(results: HeavyResults): string {
  return judge(results)
    .map(({ text, isMet }) => `- ${isMet ? "met" : "MISSED"}: ${text}`)
    .join("\n");
}

if (import.meta.main) console.log(report(JSON.parse(readFileSync(process.argv[2]!, "utf8")) as HeavyResults));
