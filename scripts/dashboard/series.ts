/** What Prometheus would make of a few scrapes of /metrics, as far as the dashboard's queries go. */

import { legendOf, type Query } from "./panels.ts";

export interface Sample {
  readonly name: string;
  readonly labels: { readonly [label: string]: string };
  readonly value: number;
}

export interface Scrape {
  /** Seconds since 1970. */
  readonly at: number;
  readonly samples: readonly Sample[];
}

export interface Point {
  /** Seconds since the first scrape. */
  readonly at: number;
  readonly line: string;
  readonly value: number;
}

export function parseMetrics(text: string): Sample[] {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const [, name, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)!;
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [label!, text!]);
    return { name: name!, labels: Object.fromEntries(pairs), value: Number(value) };
  });
}

/** @param window over how many scrapes a rate is taken */
export function pointsOf(query: Query, scrapes: readonly Scrape[], window: number): Point[] {
  const start = scrapes[0]!.at;
  return scrapes.slice(window).flatMap((scrape, i) => {
    const before = scrapes[i]!;
    const at = scrape.at - start;
    if ("value" in query) return lines(query, sums(scrape, query.value, query.by), at);
    if ("rate" in query) return lines(query, rates(before, scrape, query.rate, query.by), at);
    if ("since" in query) return lines(query, new Map([["", scrape.at - sums(scrape, query.since).get("")!]]), at);
    return lines(
      query,
      new Map([["", quantile(query.quantile, rates(before, scrape, `${query.of}_bucket`, "le"))]]),
      at,
    );
  });
}

function lines(query: Query, values: ReadonlyMap<string, number>, at: number): Point[] {
  const points = [...values].map(([label, value]) => ({
    at,
    line: legendOf(query).replace(/\{\{.*\}\}/, label),
    value,
  }));
  return points.filter(({ value }) => !Number.isNaN(value));
}

function sums({ samples }: Scrape, name: string, by = ""): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { labels, value } of samples.filter((sample) => sample.name === name)) {
    const label = labels[by] ?? "";
    sums.set(label, (sums.get(label) ?? 0) + value);
  }
  return sums;
}

function rates(before: Scrape, scrape: Scrape, name: string, by?: string): Map<string, number> {
  const earlier = sums(before, name, by);
  const rates = [...sums(scrape, name, by)].map(([label, value]) => {
    const was = earlier.get(label) ?? 0;
    // A counter that has gone back began anew.
    return [label, (value < was ? value : value - was) / (scrape.at - before.at)] as const;
  });
  return new Map(rates);
}

/** As histogram_quantile() does it: linear within the bucket. */
function quantile(q: number, buckets: ReadonlyMap<string, number>): number {
  const rows = [...buckets].map(([le, count]) => ({
    le: le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le),
    count,
  }));
  rows.sort((one, other) => one.le - other.le);
  const rank = q * (rows.at(-1)?.count ?? 0);
  if (rank === 0) return Number.NaN;
  const i = rows.findIndex(({ count }) => count >= rank);
  const below = rows[i - 1] ?? { le: 0, count: 0 };
  if (rows[i]!.le === Number.POSITIVE_INFINITY) return below.le;
  return below.le + ((rows[i]!.le - below.le) * (rank - below.count)) / (rows[i]!.count - below.count);
}
