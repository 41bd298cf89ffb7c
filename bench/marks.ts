/** The performance goals of asgigram, and their check against results. */

import { measured, type Results, type ScenarioResults, scenarioOf } from "./results.ts";

export interface Mark {
  readonly scenario: string;
  readonly entry: string;
  readonly figure: string;
  /** The entry that the bounds are multiples of; without it they are in the unit of the figure. */
  readonly comparedTo?: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** The bounds say how far the figure may be from that of the other entry, in its unit. */
  readonly isDifference?: true;
}

const asgigram = "asgigram";
const manyWorkers = "asgigram (4 workers per core)";
const runner = "grammy-runner";
const distribute = "grammy-distribute";

export const MARKS: readonly Mark[] = [
  { scenario: "echo", entry: asgigram, figure: "updates/s", comparedTo: runner, atLeast: 2 },
  { scenario: "echo", entry: asgigram, figure: "updates/s", comparedTo: "telegraf", atLeast: 1.5 },
  { scenario: "echo", entry: asgigram, figure: "CPU us/update", atMost: 90 },
  { scenario: "echo", entry: asgigram, figure: "CPU us/update", comparedTo: "bare", atMost: 1.4 },
  { scenario: "echo", entry: asgigram, figure: "peak MB", comparedTo: runner, atMost: 1 },
  { scenario: "latency", entry: asgigram, figure: "updates/s", comparedTo: runner, atLeast: 2 },
  { scenario: "mix", entry: manyWorkers, figure: "light p50 ms", atMost: 2 },
  { scenario: "mix", entry: manyWorkers, figure: "light p99 ms", comparedTo: distribute, atMost: 0.6 },
  { scenario: "mix", entry: manyWorkers, figure: "poll gap p99 ms", atMost: 5 },
  { scenario: "heavy", entry: asgigram, figure: "x one thread", atLeast: 1.9 },
  { scenario: "heavy", entry: asgigram, figure: "updates/s", comparedTo: distribute, atLeast: 1 },
  ...programMarks("asgigram-grammy", "grammy", 0.85),
  ...programMarks("asgigram-grammy-fetch", "grammy", 0.95),
  ...programMarks("asgigram-telegraf", "telegraf", 0.75),
  { scenario: "memory", entry: "100k chats", figure: "KB/instance", atMost: 2 },
  { scenario: "memory", entry: "1M chats", figure: "KB/instance", atMost: 2 },
  { scenario: "memory", entry: "1M chats", figure: "peak MB", atMost: 2000 },
  { scenario: "start", entry: asgigram, figure: "ms to first poll", atMost: 250 },
  { scenario: "hot", entry: asgigram, figure: "updates/s", comparedTo: "grammy", atLeast: 1 },
  {
    scenario: "growth",
    entry: "200k of 1k",
    figure: "CPU us/update",
    comparedTo: "2k of 1k",
    atMost: 1.15,
  },
  {
    scenario: "growth",
    entry: "200k of 100k",
    figure: "CPU us/update",
    comparedTo: "200k of 10",
    atMost: 1.15,
  },
  { scenario: "inbox", entry: asgigram, figure: "updates/s", comparedTo: "--no-inbox", atLeast: 0.88 },
  {
    scenario: "sessions",
    entry: "with sessions",
    figure: "CPU us/update",
    comparedTo: asgigram,
    atMost: 15,
    isDifference: true,
  },
  { scenario: "journal", entry: asgigram, figure: "CPU us/update", comparedTo: "--no-journal", atMost: 1.06 },
];

/** A bot under asgigram beside the same bot alone. */
function programMarks(entry: string, comparedTo: string, cpu: number): Mark[] {
  const both = { scenario: "programs", entry, comparedTo };
  return [
    { ...both, figure: "CPU us/update", atMost: cpu },
    { ...both, figure: "updates/s", atLeast: 1 },
    { ...both, figure: "MB at end", atMost: 60, isDifference: true },
  ];
}

export interface Judgement {
  readonly mark: Mark;
  /** In the unit of the figure, or as a multiple of the other entry's, or the distance from it; undefined without a result of either. */
  readonly value: number | undefined;
  readonly isMet: boolean | undefined;
}

/** Judges the marks of the measured scenarios. */
export function judge({ scenarios }: Results): Judgement[] {
  return MARKS.flatMap((mark) => {
    const results = scenarios.find(({ name }) => name === mark.scenario);
    if (results === undefined) return [];
    const value = reached(mark, results);
    return [{ mark, value, isMet: value === undefined ? undefined : isWithin(mark, value) }];
  });
}

function reached({ entry, figure, comparedTo, isDifference }: Mark, results: ScenarioResults): number | undefined {
  const what = scenarioOf(results.name).figures.find(({ name }) => name === figure)!;
  const medianOf = (wanted: string) => {
    const found = results.entries.find(({ name }) => name === wanted);
    return found && measured(what, found)?.median;
  };
  const own = medianOf(entry);
  if (comparedTo === undefined) return own;
  const other = medianOf(comparedTo);
  if (own === undefined || other === undefined) return undefined;
  return isDifference ? own - other : own / other;
}

function isWithin(
  { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY }: Mark,
  value: number,
): boolean {
  return value >= atLeast && value <= atMost;
}
